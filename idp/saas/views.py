"""The pages of this area: which address shows which view."""

from typing import Any

from flask import Blueprint, request, url_for
from flask_babel import lazy_gettext as _l

from idp.accounts.event_words import EVENTS
from idp.core import settings
from idp.saas import (
    admin_views,
    approval_views,
    delegation_views,
    event_words,
    home_views,
    hospital_views,
    organisations,
    recognition_views,
    request_views,
    standing,
)
from idp.saas.present import own_authority
from idp.signin.sentences import REASONS

blueprint = Blueprint("saas", __name__)

READ = ("GET",)
SEND = ("POST",)
FILL_IN = ("GET", "POST")
ID = "<int(max=2147483647):{}>"

ROUTES = (
    ("/saas/", "home", home_views.home, READ),
    ("/saas/requestAccess", "request_access", request_views.request_access, FILL_IN),
    (
        f"/saas/requestAccess/application/{ID.format('application_id')}/create.html",
        "create",
        request_views.create,
        FILL_IN,
    ),
    ("/saas/requestAccess/<token>/application", "application", request_views.application, FILL_IN),
    ("/saas/requestAccess/<token>/organisation", "organisation", request_views.organisation, FILL_IN),
    ("/saas/requestAccess/<token>/hospital", "propose", hospital_views.propose, FILL_IN),
    ("/saas/requestAccess/<token>/profile", "profile", request_views.profile, FILL_IN),
    ("/saas/requestAccess/<token>/recap", "recap", request_views.recap, FILL_IN),
    ("/saas/user-data", "user_data", home_views.user_data, READ),
    (f"/saas/user-data/withdraw/{ID.format('item_id')}", "withdraw", home_views.withdraw, SEND),
    ("/saas/user-data/answer/<reference>", "answer", home_views.answer, FILL_IN),
    ("/saas/approvals", "approvals", approval_views.approvals_list, READ),
    ("/saas/approvals/accesses", "accesses", approval_views.accesses_list, READ),
    (f"/saas/approvals/accesses/{ID.format('access_id')}", "access", approval_views.access, FILL_IN),
    ("/saas/approvals/hospitals", "hospitals", hospital_views.waiting, READ),
    (f"/saas/approvals/hospitals/{ID.format('proposal_id')}", "hospital", hospital_views.hospital, FILL_IN),
    ("/saas/approvals/identities", "identities", recognition_views.identities, READ),
    ("/saas/approvals/identities/<uid>", "identity", recognition_views.identity, FILL_IN),
    ("/saas/locked", "locked", recognition_views.locked, FILL_IN),
    ("/saas/locked/code", "come_back", recognition_views.come_back, FILL_IN),
    ("/saas/delegations", "delegations", delegation_views.delegations, FILL_IN),
    ("/saas/approvals/<reference>", "approval", approval_views.approval, FILL_IN),
    ("/admin/", "admin", admin_views.admin, READ),
)

TABS = (
    ("saas.home", _l("Home"), ("home",)),
    (
        "saas.request_access",
        _l("Request access"),
        ("request_access", "create", "application", "organisation", "propose", "profile", "recap"),
    ),
    ("saas.user_data", _l("User Data details"), ("user_data", "withdraw", "answer", "locked", "come_back")),
)
APPROVALS_TAB = (
    "saas.approvals",
    _l("Approvals"),
    ("approvals", "approval", "accesses", "access", "identities", "identity", "hospitals", "hospital", "admin"),
)
DELEGATION_TAB = ("saas.delegations", _l("Delegation"), ("delegations",))

EVENTS.update(event_words.EVENTS)
REASONS.update(
    {
        "come_back": _l("You are about to open what was locked. Prove your new device first."),
        "decide": _l("You are about to decide about another person's access."),
        "approvals": _l("You are about to see what other people asked for."),
    }
)


@blueprint.context_processor
def for_templates() -> dict[str, Any]:
    """Give the pages their tabs and the words for organisations and states."""
    authority = own_authority()
    tabs = (*TABS, *[APPROVALS_TAB] * authority.exists, *[DELEGATION_TAB] * bool(authority.networks))
    here = (request.endpoint or "").rpartition(".")[2]
    return {
        "saas_tabs": [{"text": text, "href": url_for(to), "current": here in pages} for to, text, pages in tabs],
        "guest_days": settings.current().saas.guest_days,
        "organisations": organisations,
        "standing": standing,
    }


for path, endpoint, view, methods in ROUTES:
    blueprint.add_url_rule(path, endpoint, view, methods=methods)
