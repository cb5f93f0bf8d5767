"""The six things that lower areas tell the areas above them: up is a signal, down is a call.

Each is sent inside the transaction that makes it true, so that what a receiver writes stands or falls with it.
"""

from blinker import Namespace

_signals = Namespace()

# sender: account id (int). Every factor of the account is gone (PANIC).
factors_wiped = _signals.signal("factors_wiped")
# sender: account id (int). The password was replaced through the mailbox.
password_reset = _signals.signal("password_reset")
# sender: account id (int). The account is closed for ever.
account_closed = _signals.signal("account_closed")
# sender: account id (int). The account is frozen until support has recognised the person.
account_frozen = _signals.signal("account_frozen")
# sender: session id (int); account_id=int. The session is over, for whatever reason.
session_ended = _signals.signal("session_ended")
# sender: account id (int). What the person may use has changed.
accesses_changed = _signals.signal("accesses_changed")
