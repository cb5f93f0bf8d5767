"""The development outbox: every mail, text message and call, so that a demonstration needs no phone and no mailbox."""

import re
from typing import Any

from flask import Blueprint, Response, abort, jsonify, render_template

from idp.core import outbox, settings
from idp.core.outbox import Channel, Message

SHOWN = 200
LINK = re.compile(r"https?://[^\s<>\"]+")
CHANNELS = {Channel.MAIL: "mail", Channel.SMS: "sms", Channel.VOICE: "sms"}

blueprint = Blueprint("outbox", __name__)


@blueprint.before_request
def _only_outside_production() -> None:
    if settings.current().in_production or not settings.current().demo.enabled:
        abort(404)


@blueprint.get("/dev/outbox")
def page() -> str:
    """Show the newest messages."""
    return render_template("core/outbox.html", messages=_messages())


@blueprint.get("/dev/outbox.json")
def messages() -> Response:
    """Give the newest messages as JSON; a call goes to a telephone as a text does, and readers know only these two."""
    return jsonify([shown | {"channel": CHANNELS[shown["channel"]]} for shown in _messages()])


def _messages() -> list[dict[str, Any]]:
    return [_shown(message) for message in outbox.latest(SHOWN)]


def _shown(message: Message) -> dict[str, Any]:
    content = outbox.content_of(message)
    text = content.text if content else ""
    return {
        "id": message.id,
        "channel": message.channel,
        "to": message.recipient,
        "subject": content.subject if content else "",
        "text": text,
        "links": LINK.findall(text),
        "code": content.code if content else None,
        "sent_at": (message.sent_at or message.created_at).isoformat(),
    }
