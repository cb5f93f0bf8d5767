"""The endpoints of the protocol: which address shows which view."""

from authlib.oauth2 import OAuth2Error
from flask import Blueprint

from idp.accounts import questions
from idp.accounts.event_words import EVENTS
from idp.core import jobs
from idp.core.sentences import BY_KEY
from idp.oidc import (
    authorization_views,
    backchannel_logout,
    consent_views,
    device_views,
    entrances,
    event_words,
    logout_views,
    metadata_views,
    registration_views,
    responses,
    session_management,
    session_views,
    token_views,
    visits,
)
from idp.oidc.parameters import ErrorResponse
from idp.oidc.registration import NotInvited
from idp.oidc.sentences import SENTENCES

blueprint = Blueprint("oidc", __name__)

READ = ("GET",)
SEND = ("POST",)
BOTH = ("GET", "POST")

ROUTES = (
    ("/.well-known/openid-configuration", "openid_configuration", metadata_views.metadata, READ),
    ("/.well-known/oauth-authorization-server", "oauth_metadata", metadata_views.metadata, READ),
    ("/oauth2/jwks", "jwks", metadata_views.jwks, READ),
    ("/oauth2/authorize", "authorize", authorization_views.authorize, BOTH),
    ("/oauth2/authorize/<handle>", "resume", authorization_views.resume, READ),
    ("/warning/<handle>", "go_on", authorization_views.go_on, SEND),
    ("/oauth2/authorize/<handle>/cancel", "cancel", authorization_views.cancel, READ),
    ("/consent/<handle>", "agree", consent_views.agree, SEND),
    ("/account/applications", "applications", consent_views.applications, BOTH),
    ("/account/applications/devices/<int(max=2147483647):grant_id>/end", "end_device", consent_views.end_device, SEND),
    ("/oauth2/token", "token", token_views.token, SEND),
    ("/oauth2/par", "par", token_views.push, SEND),
    ("/oauth2/device_authorization", "device_authorization", device_views.request_device, SEND),
    ("/device", "device", device_views.enter, BOTH),
    ("/oauth2/introspect", "introspect", token_views.introspect, SEND),
    ("/oauth2/revoke", "revoke", token_views.revoke, SEND),
    ("/oauth2/register", "register", registration_views.register, SEND),
    ("/oauth2/register/<client_id>", "manage_client", registration_views.manage, ("GET", "PUT", "DELETE")),
    ("/client-logos/<digest>", "client_logo", registration_views.logo, READ),
    ("/oauth2/userinfo", "userinfo", token_views.person, BOTH),
    ("/oauth2/logout", "logout", logout_views.end_session, BOTH),
    ("/oauth2/session", "check_session", session_views.check_session, READ),
    ("/oauth2/logout/done", "farewell", logout_views.farewell, READ),
)
for address, endpoint, view, methods in ROUTES:
    blueprint.add_url_rule(address, endpoint, view, methods=methods)

blueprint.after_app_request(session_management.set_cookie)
blueprint.register_error_handler(ErrorResponse, responses.error_response)
blueprint.register_error_handler(OAuth2Error, token_views.refused)
blueprint.register_error_handler(NotInvited, registration_views.not_invited)
jobs.CALLS[backchannel_logout.KIND] = backchannel_logout.call
BY_KEY.update(SENTENCES)
EVENTS.update(event_words.EVENTS)
questions.answers_applications(visits.applications)
questions.answers_entrances(entrances.of_applications)
