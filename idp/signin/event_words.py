"""What people read about the events of their browsers."""

from flask_babel import lazy_gettext as _l

from idp.accounts.event_words import Details, EventWords, each
from idp.core.audit import AuditEvent


def _browser(event: AuditEvent) -> Details:
    what = event.after or event.before or {}
    return {"browser": what.get("browser") or "-", "until": what.get("until") or "-"}


EVENTS = {
    "signin.browser.trust": EventWords(
        _l("A browser is trusted until %(until)s and does not ask for the second factor: %(browser)s."), each(_browser)
    ),
    "signin.browser.forget": EventWords(_l("A browser is no longer trusted: %(browser)s."), each(_browser)),
    "signin.browser.use": EventWords(_l("A trusted browser was not asked for the second factor.")),
}
