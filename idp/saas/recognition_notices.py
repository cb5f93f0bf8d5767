"""The mails around the recognition of a person after PANIC, each in the language of who gets it."""

from collections.abc import Sequence
from typing import Any

from flask import url_for

from idp.accounts.models import Account
from idp.accounts.notices import not_me, tell
from idp.core.outbox import post_mail
from idp.saas import notices
from idp.saas.models import Access


def pressed(person: Account, locked: Sequence[Access], approvers: Sequence[Account]) -> None:
    """Tell the approvers that all devices of a person were deleted; each can freeze the account with one link."""
    for to in approvers:
        _mail(to, "panic_pressed", person, locked, not_me=lambda: not_me(person))


def asked(person: Account, locked: Sequence[Access], approvers: Sequence[Account]) -> None:
    """Ask the approvers to call the person back."""
    address = url_for("saas.identity", uid=person.uid, _external=True)
    for to in approvers:
        _mail(to, "identity_asked", person, locked, address=address)


def confirmed(person: Account, opened: Sequence[Access]) -> None:
    """Tell the person that the accesses are open again, one mail for each application and hospital."""
    for one in {(access.application_id, access.organisation_id): access for access in opened}.values():
        notices.access_opened(one)


def vouched(person: Account, devices: Sequence[str]) -> None:
    """Tell the person that the operator confirmed the identity, and which devices are registered by now."""
    tell(person, "saas/mail/identity_vouched", always=True, devices=devices)


def _mail(to: Account, template: str, person: Account, locked: Sequence[Access], **values: Any) -> None:
    where = sorted({f"{one.application.short_name}, {one.organisation.network}" for one in locked})
    names: dict[str, Any] = {"name": to.name, "uid": to.uid, "person": person, "where": "; ".join(where)}
    post_mail(to.email, f"saas/mail/{template}", to.language, **names | values)
