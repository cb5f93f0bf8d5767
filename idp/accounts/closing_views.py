"""My Account: taking one's data along, and deleting the account."""

from flask import Response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from idp.accounts import closing, own_data, session
from idp.accounts.forms import DeleteForm


def export() -> ResponseReturnValue:
    """Hand the person's own data over as a file."""
    account = session.require_fresh("export").account
    answer = Response(own_data.export(account), mimetype="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="ern-login-{account.uid}.json"'
    return answer


def delete() -> ResponseReturnValue:
    """Say what goes and what stays, ask once more, and close the account."""
    own = session.require_fresh("close")
    form = DeleteForm()
    if form.validate_on_submit():
        closing.close(own.account_id)
        return redirect(url_for("accounts.deleted"), 303)
    page = render_template(
        "accounts/delete.html",
        form=form,
        account=own.account,
        warnings=closing.warnings(own.account),
        needed=closing.is_needed(own.account),
    )
    return page, form.status


def deleted() -> ResponseReturnValue:
    """Say that the account is gone."""
    return render_template("accounts/deleted.html")
