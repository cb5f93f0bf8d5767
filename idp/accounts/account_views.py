"""My Account: the overview, details and settings of the signed-in person."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from idp.accounts import personal_details, profile, questions, session, tiles
from idp.accounts.forms import ChangePasswordForm, NamesForm, PreferencesForm
from idp.accounts.models import UserSession
from idp.accounts.profile import Preferences


def account() -> ResponseReturnValue:
    """Show what can be done with one's account."""
    own = session.require_own()
    factors = questions.second_factors(own.account_id)
    return render_template(
        "accounts/account.html",
        account=own.account,
        tiles=tiles.available(),
        further=tiles.further(),
        factors=factors,
    )


def details() -> ResponseReturnValue:
    """Show who we think the person is, and let names be corrected."""
    own = session.require_own()
    form = NamesForm(obj=own.account)
    if form.validate_on_submit():
        profile.rename(own.account, form.first_name.data, form.last_name.data)
        return _done("accounts.details", _("Your name is saved."))
    workplace = personal_details.workplace_of(own.account_id)
    return render_template("accounts/details.html", form=form, account=own.account, workplace=workplace), form.status


def settings() -> ResponseReturnValue:
    """Show and change how the person is written to and asked."""
    own = session.require_own()
    form = PreferencesForm(obj=own.account)
    if form.validate_on_submit():
        with form.telling():
            wish = Preferences(**{field.name: field.data for field in form if field.name != "csrf_token"})
            profile.prefer(own.account, wish)
            return _done("accounts.settings", _("Your settings are saved."))
    return _settings_page(own, form, ChangePasswordForm(formdata=None), form)


def change_password() -> ResponseReturnValue:
    """Change the password with the old one, and a fresh second factor if there is one."""
    own = session.require_own() if request.method == "GET" else session.require_fresh("change_password")
    form = ChangePasswordForm()
    if form.validate_on_submit():
        with form.telling():
            profile.change_password(own, form.current_password.data, form.new_password.data)
            return _done("accounts.settings", _("Your password is changed. All other sessions are ended."))
    return _settings_page(own, PreferencesForm(formdata=None, obj=own.account), form, form)


def _settings_page(
    own: UserSession,
    preferences: PreferencesForm,
    password: ChangePasswordForm,
    posted: PreferencesForm | ChangePasswordForm,
) -> ResponseReturnValue:
    page = render_template(
        "accounts/settings.html",
        account=own.account,
        preferences=preferences,
        password=password,
        form=posted,
        can_require_mfa=profile.can_require_mfa(own.account),
        must_require_mfa=profile.must_require_mfa(own.account),
    )
    return page, posted.status


def _done(endpoint: str, sentence: str) -> ResponseReturnValue:
    flash(sentence, "success")
    return redirect(url_for(endpoint), 303)
