"""The page on which people tell where they work."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from idp.accounts import personal_details, session
from idp.accounts.forms import WorkplaceForm
from idp.accounts.personal_details import Workplace


def workplace() -> ResponseReturnValue:
    """Show and change the workplace and the time zone."""
    own = session.require_own()
    form = WorkplaceForm(obj=personal_details.workplace_of(own.account_id))
    if form.validate_on_submit():
        told = Workplace(**{name: form[name].data for name in Workplace.__dataclass_fields__})
        personal_details.keep_workplace(own.account, told)
        flash(_("Your workplace and time zone are saved."))
        return redirect(url_for("accounts.details"), 303)
    return render_template("accounts/workplace.html", form=form), form.status
