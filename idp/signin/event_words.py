"""What people read about the events of their browsers and eIDs."""

from datetime import date

from flask_babel import format_date
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from idp.accounts.event_words import Details, EventWords, each
from idp.core.audit import AuditEvent
from idp.signin import eid_providers


def _browser(event: AuditEvent) -> Details:
    what = event.after or event.before or {}
    until = what.get("until")
    day = format_date(date.fromisoformat(until), "medium") if until else "-"
    return {"browser": what.get("browser") or str(_("Unknown browser")), "until": day}


def _provider(event: AuditEvent) -> Details:
    return {"name": eid_providers.name_of(event.object or "")}


EVENTS = {
    "signin.browser.trust": EventWords(
        _l("A browser is trusted until %(until)s and does not ask for the second factor: %(browser)s."), each(_browser)
    ),
    "signin.browser.forget": EventWords(_l("A browser is no longer trusted: %(browser)s."), each(_browser)),
    "signin.browser.use": EventWords(_l("A trusted browser was not asked for the second factor.")),
    "signin.eid.pass": EventWords(_l("A linked eID was shown at a sign-in.")),
    "eid.link": EventWords(_l("An eID was linked: %(name)s."), each(_provider)),
    "eid.unlink": EventWords(_l("An eID was unlinked: %(name)s."), each(_provider)),
}
