"""Every way of saying no to a person, as a page that tells what happened, what was lost, and how to go on."""

from dataclasses import dataclass

from flask import Flask, current_app, redirect, render_template, request, url_for
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from cpms_client import entry, kept_forms
from cpms_client.errors import EntryRefused, IdentityNotTrusted, IdentityUnreachable, Refusal, SignInNeeded
from cpms_client.visitor import current_session, glance_session

LONGEST_PATH = 1000


@dataclass(frozen=True)
class Text:
    """A page's heading, its explanation, the word on its button and its status."""

    title: LazyString
    sentence: LazyString
    button: LazyString
    status: int = 400


AGAIN = _l("Sign in again")
SIGN_IN = {
    "state_used": Text(
        _l("This sign-in is already done"),
        _l("You came back to a page that works only once. Nothing was lost. If you are signed in, go on to CPMS."),
        _l("Go on to CPMS"),
    ),
    "state_expired": Text(
        _l("This sign-in took too long"), _l("For your safety it has ended. Nothing was lost."), AGAIN
    ),
    "state_unknown": Text(
        _l("This sign-in did not begin here"),
        _l("It began in another browser, or your browser keeps no cookies. Allow them for this site and begin here."),
        AGAIN,
    ),
    "access_denied": Text(
        _l("You did not enter CPMS"),
        _l("The sign-in was cancelled, or you have no access to CPMS yet. You can request access or try again."),
        AGAIN,
        403,
    ),
    "login_required": Text(_l("You are not signed in"), _l("ERN Login needs you to sign in."), AGAIN),
    "interaction_required": Text(_l("ERN Login has a question"), _l("Sign in again and answer it."), AGAIN),
    "consent_required": Text(_l("ERN Login needs your consent"), _l("Sign in again and give it."), AGAIN),
    "unmet_authentication_requirements": Text(
        _l("CPMS needs a second factor"),
        _l("Add your phone or another second factor in My Account of ERN Login, then sign in again."),
        AGAIN,
        403,
    ),
    "temporarily_unavailable": Text(
        _l("ERN Login is busy"), _l("It cannot sign you in at this moment. Wait a minute and try again."), AGAIN, 503
    ),
    "server_error": Text(
        _l("ERN Login had a problem"), _l("It could not sign you in. Wait a minute and try again."), AGAIN, 502
    ),
    "unreachable": Text(
        _l("ERN Login cannot be reached"),
        _l("CPMS could not ask who you are. Wait a minute and try again."),
        AGAIN,
        503,
    ),
    "not_trusted": Text(
        _l("The sign-in could not be confirmed"),
        _l("The answer of ERN Login was not as expected. Try again. If it happens again, write to the help desk."),
        AGAIN,
        502,
    ),
}
OTHER_ERROR = Text(
    _l("The sign-in did not work"),
    _l("ERN Login refused the request. Try again. If it happens again, write to the help desk."),
    AGAIN,
    502,
)
TITLES = {
    403: _l("You may not do this"),
    404: _l("This page does not exist"),
    409: _l("Something changed meanwhile"),
    422: _l("This cannot be done"),
}
SENTENCES = {
    403: _l("Your profile does not allow it. Nothing was changed."),
    404: _l("The address is wrong, or you may not see what is there."),
    409: _l("Somebody was faster, or you sent the form twice. Look at the page again before you go on."),
    422: _l("Nothing was changed. Go back and check what you entered."),
}
KEYED = {
    "kept_form_gone": _l("The form is no longer here: it waits one hour, for the person who sent it."),
}


def install(app: Flask) -> None:
    """Turn what the program raises into pages."""
    app.register_error_handler(SignInNeeded, _to_sign_in)
    app.register_error_handler(EntryRefused, _entry_refused)
    app.register_error_handler(IdentityUnreachable, _unreachable)
    app.register_error_handler(IdentityNotTrusted, _unreachable)
    app.register_error_handler(Refusal, _refused)


def sign_in_failed(key: str, return_to: str = "") -> tuple[str, int]:
    """Explain why a sign-in ended without a session."""
    text = SIGN_IN.get(key, OTHER_ERROR)
    way_on = url_for("home.start") if key == "state_used" else url_for("sign_in.begin", return_to=return_to or None)
    return render_template("sign_in_failed.html", text=text, key=key, way_on=way_on), text.status


def access_locked(page: str, names: list[str], return_to: str) -> tuple[str, int]:
    """Say that the access waits for the person to be recognised, who can do that, and where to ask them."""
    again = url_for("sign_in.begin", return_to=return_to or None)
    return render_template("access_locked.html", page=page, names=names, again=again), 403


def _to_sign_in(need: SignInNeeded) -> Response:
    return redirect(url_for("sign_in.begin", return_to=_way_back(need.sub), max_age=need.max_age), 303)


def _entry_refused(_refusal: EntryRefused) -> tuple[str, int]:
    session = current_session()
    verdict = entry.judge(session.acr, session.claims)
    way_back = _way_back(session.sub)
    page = render_template("refused.html", verdict=verdict, conditions=list(entry.Condition), way_back=way_back)
    return page, 403


def _unreachable(trouble: Exception) -> tuple[str, int]:
    current_app.logger.warning("identity server: %s", trouble)
    session = glance_session()
    return render_template("unreachable.html", way_back=_way_back(session.sub if session else None)), 503


def _refused(refusal: Refusal) -> tuple[str, int]:
    sentence = refusal.message or KEYED.get(refusal.key) or SENTENCES[refusal.status]
    return render_template("error.html", title=TITLES[refusal.status], sentence=sentence), refusal.status


def _way_back(sub: str | None) -> str:
    """Give the address to come back to; a posted form waits there, if we know whose it is."""
    path = request.full_path.rstrip("?")
    if request.method in ("GET", "HEAD"):
        return path if len(path) <= LONGEST_PATH else url_for("home.start")
    if sub is None or len(path) > LONGEST_PATH:
        return url_for("home.start")
    fields = [(name, value) for name, value in request.form.items(multi=True) if name != "csrf_token"]
    return url_for("sign_in.kept_form", token=kept_forms.keep(sub, path, fields))
