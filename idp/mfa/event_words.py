"""What people read about the events of their second factors."""

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from idp.accounts.event_words import Details, EventWords, each
from idp.core.audit import AuditEvent
from idp.mfa import factors


def _factor(event: AuditEvent) -> Details:
    what = event.after or event.before or {}
    kind = what.get("kind", "")
    title = str(factors.title_of(kind)) if kind in factors.BY_NAME else kind
    return {"method": title, "hint": what.get("hint", "")}


def _asked(event: AuditEvent) -> Details:
    asked = event.after or {}
    kind = asked.get("kind", "")
    if asked.get("by") == "call":
        return {"method": gettext("Call to your mobile phone")}
    return {"method": str(factors.named(kind).title) if kind in factors.BY_NAME else kind}


def _labels(event: AuditEvent) -> Details:
    return {"before": (event.before or {}).get("label") or "-", "after": (event.after or {}).get("label") or "-"}


EVENTS = {
    "mfa.come_back.ask": EventWords(_l("A code for coming back was mailed.")),
    "mfa.come_back.fail": EventWords(_l("Wrong codes for coming back were given.")),
    "mfa.come_back.pass": EventWords(_l("A recovery code and a mailed code opened what was locked.")),
    "mfa.panic": EventWords(_l("All devices of the account were deleted (PANIC).")),
    "mfa.factor.add": EventWords(_l("A verification method was added: %(method)s (%(hint)s)."), each(_factor)),
    "mfa.factor.remove": EventWords(_l("A verification method was removed: %(method)s (%(hint)s)."), each(_factor)),
    "mfa.factor.rename": EventWords(
        _l("A verification method was renamed from %(before)s to %(after)s."), each(_labels)
    ),
    "mfa.factor.suspend": EventWords(
        _l("A verification method answered as a copy of it would, and is suspended: %(method)s (%(hint)s)."),
        each(_factor),
    ),
    "mfa.device.suspend": EventWords(
        _l("The PIN was wrong five times in a row, and a mobile device is suspended: %(hint)s."), each(_factor)
    ),
    "mfa.device.unlink": EventWords(_l("The account was removed in the app on %(hint)s."), each(_factor)),
    "mfa.challenge.deny": EventWords(_l("On your phone a sign-in was refused: It was not me.")),
    "mfa.challenge.ask": EventWords(_l("A proof was asked for: %(method)s."), each(_asked)),
    "mfa.challenge.fail": EventWords(_l("A wrong answer was given: %(method)s."), each(_asked)),
}
UNSHOWN = {
    "mfa.challenge.pass": "what it allowed follows: a session, a fresh proof, an added method",
    "mfa.challenge.approve": "the same, as soon as the browser goes on",
    "mfa.push.subscribe": "the app does it by itself, now and then",
    "mfa.app_key.make": "a key of the server, nobody's account",
}
