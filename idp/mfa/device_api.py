"""The calls of the mobile app, `/app/api/...`: JSON, no cookies, signed with the device's key (docs/app-protocol.md).

Any origin may call, since one app holds accounts of several servers; what a call may do, its signature says.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import HTTPException, NotFound

from idp.core import audit, clock
from idp.core.audit import Actor
from idp.core.errors import Refusal, TooMany
from idp.core.exempt import bare
from idp.mfa import (
    app_keys,
    app_requests,
    challenges,
    denials,
    device_proof,
    devices,
    mobile_app,
    push,
    signatures,
    suspension,
)
from idp.mfa.device_errors import AppError, malformed
from idp.mfa.devices import Device

blueprint = Blueprint("device_api", __name__, url_prefix="/app/api")

LARGEST_BODY = 16 * 1024
STATUS_KEYS = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "not_json"}
CROSS_ORIGIN = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Expose-Headers": "Retry-After",
    "Access-Control-Max-Age": "600",
}

DeviceView = Callable[..., dict[str, Any]]


def signed(view: DeviceView) -> Callable[..., Response]:
    """Give a view the device whose key signed the call, and answer with its JSON; refuse everybody else."""

    @wraps(view)
    def judged(**address: str) -> Response:
        proof = device_proof.read()
        device = devices.find(proof.device)
        if device is None:
            raise device_proof.refused("device_unknown")
        device_proof.check(proof, device.key)
        audit.acting(Actor(device.account.uid))
        return _answer(view(device, **address))

    return bare(judged)


@blueprint.post("/pair")
@bare
def pair() -> Response:
    """Pair a new app: the link's secret and the app's key for the seed."""
    proof, body = device_proof.read(), _body()
    token, key = body.get("token"), body.get("key")
    if not isinstance(token, str) or token.partition(".")[0] != proof.device:
        raise malformed("token")
    try:
        public = signatures.checked(key)
    except ValueError:
        raise malformed("key") from None
    device_proof.check(proof, public)
    device, confirm_by = devices.pair(token, public, challenges.asking_browser())
    told = {**_told(device), "issuer": mobile_app.issuer(), "suite": mobile_app.SUITE, "seed": device.secret["seed"]}
    return _answer({**told, "confirm_by": confirm_by})


@blueprint.get("/device")
@signed
def show(device: Device) -> dict[str, Any]:
    """Tell the app what it keeps of this account."""
    return {**_told(device), "status": device.status}


@blueprint.post("/device/unlink")
@signed
def unlink(device: Device) -> dict[str, Any]:
    """Let the device prove nothing any more: the person removed the account from the app."""
    suspension.unlink(device.active())
    return {"device": device.id, "status": "suspended"}


@blueprint.get("/requests")
@signed
def requests(device: Device) -> dict[str, Any]:
    """Tell which sign-ins wait for this person."""
    waiting = [app_requests.told(one) for one in app_requests.waiting(device)]
    paused = denials.paused_until(device.account.id)
    return {"requests": waiting, "paused_until": int(paused.timestamp()) if paused else None}


@blueprint.post("/requests/<string(length=22):number>/answer")
@signed
def answer(device: Device, number: str) -> dict[str, Any]:
    """Judge what the person answers to a request."""
    return {"result": app_requests.answer(device, number, _body())}


@blueprint.post("/push")
@signed
def subscribe(device: Device) -> dict[str, Any]:
    """Remember where pushes to this device go."""
    push.subscribe(device.active(), _body())
    return {"push": True}


@blueprint.post("/push/remove")
@signed
def unsubscribe(device: Device) -> dict[str, Any]:
    """Forget where pushes to this device go."""
    push.unsubscribe(device.active())
    return {"push": False}


@blueprint.route("/", defaults={"rest": ""})
@blueprint.route("/<path:rest>", methods=["GET", "POST"])
@bare
def nothing(rest: str) -> Response:
    """Say that there is no such call."""
    raise NotFound


@blueprint.errorhandler(Refusal)
def refused(refusal: Refusal) -> Response:
    """Tell the app what was refused."""
    if isinstance(refusal, TooMany):
        told = _answer({"error": "too_many" if refusal.status == 429 else "busy", "retry_after": refusal.retry_after})
        told.headers["Retry-After"] = str(refusal.retry_after)
    else:
        told = _answer({"error": refusal.key, **(refusal.details if isinstance(refusal, AppError) else {})})
    told.status_code = refusal.status
    return told


@blueprint.errorhandler(HTTPException)
def failed(error: HTTPException) -> Response:
    """Tell the app what the framework refused."""
    told = _answer({"error": STATUS_KEYS.get(error.code or 400, "malformed"), "field": None})
    told.status_code = error.code or 400
    return told


@blueprint.after_request
@blueprint.after_app_request  # what no view answers, like a method that is not allowed
def cross_origin(answer: Response) -> Response:
    """Let other origins read these answers, and nothing else here."""
    if request.path.startswith("/app/api/"):
        answer.headers.update(CROSS_ORIGIN)
    return answer


def _told(device: Device) -> dict[str, Any]:
    account = {"uid": device.account.uid, "name": device.account.name}
    kept = {"device": device.id, "name": device.name, "account": account, "pin_digits": device.pin_digits}
    return {**kept, "server_keys": app_keys.told(), "push_key": push.public_key()}


def _body() -> dict[str, Any]:
    if request.mimetype != "application/json":
        raise AppError(415, "not_json")
    if len(request.get_data()) > LARGEST_BODY:
        raise AppError(413, "too_large")
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise malformed(None)
    return body


def _answer(told: dict[str, Any]) -> Response:
    return jsonify({**told, "now": int(clock.now().timestamp())})
