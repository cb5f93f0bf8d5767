"""Mail: one text, shown as plain text and as simple HTML, handed to a relay by SMTP (RFC 5321, RFC 5322)."""

import re
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import format_datetime, formataddr

from flask import render_template
from flask_babel import force_locale, gettext

from idp.core.outbox import Content, Message
from idp.core.settings import Mail
from idp.core.signed import digest
from idp.core.values import frozen

LINK = re.compile(r"^(?P<label>[^\n]+?)\u00a0?: (?P<href>https?://\S+)$")
FOR_GOOD = range(500, 600)  # RFC 5321, 4.2.1: permanent negative completion
CODE = re.compile(r"^[0-9 ]{6,12}$")


class Undeliverable(Exception):
    """The message can never be delivered: the relay or the provider refuses it for good."""


@frozen
class Block:
    """A paragraph of a mail: plain `text`, a `link` (label and address), or a `code`."""

    kind: str
    text: str
    href: str | None = None


def compose(message: Message, content: Content, sender: Mail) -> EmailMessage:
    """Make the mail: text and HTML say the same; the Message-ID stays the same however often it is tried."""
    mail = EmailMessage()
    mail["From"] = formataddr((sender.sender_name, sender.sender))
    mail["To"] = message.recipient
    mail["Subject"] = content.subject
    mail["Date"] = format_datetime(message.created_at)
    mail["Message-ID"] = f"<{digest(message.key).hex()[:32]}@{sender.sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    with force_locale(message.language):
        mail.set_content(f"{content.text}\n\n-- \n{_foot(content)}\n")
        html = render_template(
            "mail/layout.html",
            subject=content.subject,
            blocks=[_block(paragraph) for paragraph in content.text.split("\n\n")],
            language=message.language,
            uid=content.uid,
        )
    mail.add_alternative(html, subtype="html")
    return mail


def send(mail: EmailMessage, relay: Mail) -> str:
    """Hand the mail to the relay and return its Message-ID.

    Raises Undeliverable when the relay refuses the recipient for good, OSError (of which SMTPException is one) when it
    is worth trying again.
    """
    factory = smtplib.SMTP_SSL if relay.security == "tls" else smtplib.SMTP
    with factory(relay.host, relay.port, timeout=relay.timeout_seconds) as connection:
        if relay.security == "starttls":
            connection.starttls(context=ssl.create_default_context())
        if relay.username:
            connection.login(relay.username, relay.password)
        _hand_over(connection, mail)
    return str(mail["Message-ID"])


def _hand_over(connection: smtplib.SMTP, mail: EmailMessage) -> None:
    try:
        connection.send_message(mail)
    except smtplib.SMTPRecipientsRefused as refused:
        code, reason = next(iter(refused.recipients.values()))
        if code in FOR_GOOD:
            raise Undeliverable(f"{code} {reason!r}") from None
        raise
    except smtplib.SMTPDataError as refused:
        if refused.smtp_code in FOR_GOOD:
            raise Undeliverable(f"{refused.smtp_code} {refused.smtp_error!r}") from None
        raise


def _block(paragraph: str) -> Block:
    link = LINK.match(paragraph)
    if link:
        return Block("link", link["label"], link["href"])
    return Block("code" if CODE.match(paragraph) else "text", paragraph)


def _foot(content: Content) -> str:
    never = gettext("ERN Login never asks for your password or a code by mail or telephone.")
    uid = gettext("Your identifier: %(uid)s", uid=content.uid)
    return f"{uid}\n{never}" if content.uid else never
