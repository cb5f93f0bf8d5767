"""What the text message provider reports about a text or a call: a signed form, posted to us as its fate changes."""

import importlib

from flask import Blueprint, Response, request

from idp.core import outbox, settings
from idp.core.errors import NotAllowed
from idp.core.exempt import bare, csrf_exempt

PATH = "/sms/status"
# Loaded with the first report: most servers start many times for each text that is reported on.
VALIDATOR = "twilio.request_validator"

blueprint = Blueprint("sms_reports", __name__)


def report_address() -> str:
    """Return where the provider reports to: from the configuration, never from a request."""
    return f"{settings.current().server.issuer.rstrip('/')}{PATH}"


@blueprint.post(PATH)
@csrf_exempt
@bare
def status() -> Response:
    """Take a report (X-Twilio-Signature); what we do not know is answered in the same way."""
    if not _signed():
        raise NotAllowed("report_unsigned")
    what = "Call" if "CallSid" in request.form else "Message"
    outbox.reported(request.form.get(f"{what}Sid", ""), request.form.get(f"{what}Status", "")[:16])
    return Response(status=204)


def _signed() -> bool:
    """Say whether one of our accounts signed this report for our configured address."""
    account, signature = request.form.get("AccountSid", ""), request.headers.get("X-Twilio-Signature", "")
    keys = {route.auth_token for route in settings.current().sms.routes if account and route.account_sid == account}
    validator = importlib.import_module(VALIDATOR).RequestValidator
    return any(validator(key).validate(report_address(), request.form, signature) for key in keys if key)
