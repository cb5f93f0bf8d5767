"""The page that asks for consent, and the page of My Account where it is taken back and devices are disconnected."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from idp.accounts import session
from idp.oidc import authorization, connected_devices, consents, presentation, responses
from idp.oidc.checks import Asked


def ask(asked: Asked, handle: str) -> str:
    """Ask whether the application may learn of the person what it wants."""
    responses.let_forms_end(asked.parameters.target)
    wishes = presentation.wishes(asked.client, consents.wanted(asked.client, asked.parameters))
    name, about = presentation.name_of(asked.client), presentation.about(asked.client)
    return render_template("oidc/consent.html", application=name, about=about, wishes=wishes, handle=handle)


def agree(handle: str) -> ResponseReturnValue:
    """Remember the yes and go on; without a session the request itself leads through the sign-in first."""
    kept = authorization.kept(handle)
    current = session.current()
    if current is not None:
        consents.give(current, kept.client, consents.wanted(kept.client, kept.parameters))
    return redirect(url_for("oidc.resume", handle=handle), 303)


def applications() -> ResponseReturnValue:
    """List the applications that have the person's consent, and take it back from one; the connected devices below."""
    own = session.require_own()
    if request.method == "POST":
        consents.take_back(own, request.form.get("client_id", ""))
        flash(_("The permission was taken back. The application gets no more of your data from us."))
        return redirect(url_for("oidc.applications"), 303)
    given, devices = consents.of_account(own.account_id), connected_devices.of_account(own.account_id)
    return render_template("oidc/applications.html", given=given, devices=devices)


def end_device(grant_id: int) -> ResponseReturnValue:
    """End what a device got that the person connected."""
    connected_devices.end(session.require_own(), grant_id)
    flash(_("The device is not connected any more. It gets nothing more from us in your name."))
    return redirect(url_for("oidc.applications"), 303)
