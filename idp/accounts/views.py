"""The pages of this area: which address shows which view."""

from flask import Blueprint

from idp.accounts import (
    account_views,
    closing_views,
    email_views,
    event_views,
    freezing_views,
    password_views,
    registration_views,
    workplace_views,
)
from idp.core.errors import Conflict, Expired
from idp.core.settings import current

blueprint = Blueprint("accounts", __name__)

READ = ("GET",)
FILL_IN = ("GET", "POST")

ROUTES = (
    ("/register", "register", registration_views.register, FILL_IN),
    ("/register/sent", "register_sent", registration_views.register_sent, READ),
    ("/register/confirm/<token>", "confirm", registration_views.confirm, FILL_IN),
    ("/password/forgot", "forgot", password_views.forgot, FILL_IN),
    ("/password/forgot/sent", "forgot_sent", password_views.forgot_sent, READ),
    ("/password/new/<token>", "new_password", password_views.new_password, FILL_IN),
    ("/.well-known/change-password", "well_known_change", password_views.change_password, READ),
    ("/account", "account", account_views.account, READ),
    ("/account/details", "details", account_views.details, FILL_IN),
    ("/account/workplace", "workplace", workplace_views.workplace, FILL_IN),
    ("/account/settings", "settings", account_views.settings, FILL_IN),
    ("/account/settings/password", "change_password", account_views.change_password, FILL_IN),
    ("/account/email", "email", email_views.email, FILL_IN),
    ("/account/email/confirm/<token>", "confirm_email", email_views.confirm_email, FILL_IN),
    ("/account/export", "export", closing_views.export, ("POST",)),
    ("/account/delete", "delete", closing_views.delete, FILL_IN),
    ("/account/deleted", "deleted", closing_views.deleted, READ),
    ("/account/sessions", "sessions", event_views.sessions, FILL_IN),
    ("/account/security-events", "security_events", event_views.security_events, READ),
    ("/account/not-me/<token>", "not_me", freezing_views.not_me, FILL_IN),
    ("/account/frozen", "frozen", freezing_views.frozen, READ),
)

blueprint.register_error_handler(Expired, registration_views.gone)
blueprint.register_error_handler(Conflict, registration_views.gone)
blueprint.context_processor(lambda: {"limits": current().passwords})
for path, endpoint, view, methods in ROUTES:
    blueprint.add_url_rule(path, endpoint, view, methods=methods)
