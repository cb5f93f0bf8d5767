"""The mails about delegations and proposed hospitals, each in the language of the person who gets it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import force_locale

from idp.accounts.models import Account, AccountState
from idp.core.outbox import post_mail
from idp.saas import notices, organisations, standing
from idp.saas.catalogue_models import Organisation
from idp.saas.models import Proposal, RequestItem


def delegation_lent(lender: Account, delegate: Account, scope: Organisation, until: datetime) -> None:
    """Tell both that one decides for the other now, where and until when."""
    values = {"lender": lender, "delegate": delegate, "until": until}
    _mail(delegate, "delegation_lent", scope, url_for("saas.approvals", _external=True), **values)
    _mail(lender, "delegation_made", scope, url_for("saas.delegations", _external=True), **values)


def delegation_ended(lender: Account, delegate: Account, scope: Organisation) -> None:
    """Tell both that a delegation has ended before its time."""
    values = {"lender": lender, "delegate": delegate}
    _mail(delegate, "delegation_over", scope, url_for("saas.home", _external=True), **values)
    _mail(lender, "delegation_taken", scope, url_for("saas.delegations", _external=True), **values)


def hospital_proposed(proposal: Proposal, person: Account, deciders: Sequence[Account]) -> None:
    """Tell those who may decide about it that a hospital was proposed."""
    address = url_for("saas.hospital", proposal_id=proposal.id, _external=True)
    for account in deciders:
        if account.notify_by_mail:
            _mail(account, "hospital_proposed", proposal.organisation, address, person=person)


def hospital_decided(to: Account, proposal: Proposal, actor: Account, refused: Sequence[RequestItem]) -> None:
    """Tell somebody who proposed a hospital, or asked for it, what was decided; `refused` are his own requests."""
    template = "hospital_confirmed" if proposal.accepted else "hospital_refused"
    address = url_for("saas.user_data", _external=True)
    values = {"actor": actor, "reason": proposal.reason, "refused": refused}
    _mail(to, template, proposal.organisation, address, **values)


def _mail(to: Account, template: str, organisation: Organisation, address: str, **values: Any) -> None:
    if to.state is AccountState.CLOSED:
        return
    with force_locale(to.language):
        where = organisations.full_name(organisation)
    values |= {"where": where, "city": organisation.city, "network": organisation.network, "address": address}
    values |= {"last_day": standing.last_day, "quoted": notices.quoted, "name": to.name, "uid": to.uid}
    post_mail(to.email, f"saas/mail/{template}", to.language, **values)
