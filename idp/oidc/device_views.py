"""Devices without a browser (RFC 8628): where they ask, and the page on which a person types their code."""

import orjson
from authlib.oauth2.rfc6749 import InvalidScopeError, UnauthorizedClientError
from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from idp.core import clock, incoming, settings
from idp.core.exempt import bare
from idp.core.fields import Fields
from idp.oidc import authorization, client_authentication, clients, device_authorization, parameters, resources
from idp.oidc.authorization import Request
from idp.oidc.client_metadata import DEVICE_CODES
from idp.oidc.clients import Client
from idp.oidc.forms import DeviceForm
from idp.oidc.parameters import Parameters, Target


@bare
def request_device() -> Response:
    """Let a device wait and tell it the codes (3.1 and 3.2)."""
    sent = incoming.current()
    client = client_authentication.authenticate(sent)
    if not client.check_grant_type(DEVICE_CODES):
        raise UnauthorizedClientError("The client may not use device codes.")
    begun = device_authorization.begin(client, _wish(client, sent.fields), sent.remote_addr)
    page = settings.current().server.issuer + url_for("oidc.device")
    answer = {
        "device_code": begun.device_code,
        "user_code": begun.user_code,
        "verification_uri": page,
        "verification_uri_complete": f"{page}?user_code={begun.user_code}",
        "expires_in": begun.expires_in,
        "interval": begun.interval,
    }
    return Response(orjson.dumps(answer), mimetype="application/json")


def enter() -> ResponseReturnValue:
    """Take the code that a device shows; who asks, and whether it is right, is said on the page after the sign-in."""
    form = DeviceForm(request.form if request.method == "POST" else request.args)
    if request.method == "POST" and form.validate():
        with form.telling():
            code = device_authorization.typed(form.user_code.data, request.remote_addr)
            return redirect(url_for("oidc.resume", handle=_kept(code)), 303)
    return render_template("oidc/device.html", form=form), form.status


def _kept(code: str) -> str:
    """Keep what the device wants as a request of this browser, and return its handle."""
    row = device_authorization.waiting(code)
    client = clients.find(row.client_id)
    if client is None:
        raise RuntimeError("a device without a client")
    wish = parameters.for_device(parameters.restored(row.parameters), code)
    return authorization.keep(Request(client, wish, clock.now()))


def _wish(client: Client, given: Fields) -> Parameters:
    scopes = client.allowed_scopes(given.get("scope", ""))
    if "openid" not in scopes:
        raise InvalidScopeError("the scope openid is required")
    levels = tuple(given.get("acr_values", "").split()) or tuple(client.further.get("default_acr_values", ()))
    wanted = resources.asked(client, given.every(resources.PARAMETER))
    return Parameters(client.client_id, Target("", None), " ".join(scopes), "", acr_values=levels, resources=wanted)
