"""The languages that pages and mails are offered in, and which one this request gets."""

from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from urllib.parse import quote, urlencode, urlsplit

from babel import Locale
from flask import Flask, Response, current_app, g, has_request_context, redirect, request
from flask_babel import Babel, get_locale, get_translations, gettext
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup
from wtforms import SelectChoice

from idp.core import incoming, settings
from idp.core.incoming import Incoming
from idp.core.values import frozen

COOKIE = "lang"
COOKIE_SECONDS = 365 * 24 * 3600


@frozen
class Language:
    """A language under its ISO 639-1 code and its own name."""

    code: str
    name: str


# Only languages whose catalogue is complete; a new one is a line here and a catalogue.
OFFERED = (Language("en", "English"), Language("fr", "Français"))
BY_CODE = {language.code: language for language in OFFERED}
DEFAULT = "en"
# Under this name among the application's extensions, the areas above leave who finds the person that is signed in.
PERSON = "language_of_the_person"


def init(app: Flask) -> None:
    """Give the application its languages and templates what the language menu needs."""
    Babel(app, default_locale=DEFAULT, locale_selector=lambda: _locale(select_locale()))
    app.context_processor(lambda: {"languages": OFFERED, "language": current()})
    app.jinja_env.globals.update(language_href=language_href, labelled=labelled, gettext=_told, _=_told)


@pass_eval_context
def _told(how: EvalContext, text: str, **values: object) -> str:
    """Translate a text of a template; Flask-Babel's way looked for the catalogue each time, a tenth of a page."""
    return _in_language(get_locale(), text, safe=how.autoescape) % values


def told(text: str) -> str:
    """Return a text in the language of now."""
    return _in_language(get_locale(), text, safe=False) % {}


@lru_cache(5000)
def _in_language(_locale: Locale | None, text: str, *, safe: bool) -> str:
    translated: str = get_translations().ugettext(text)
    return Markup(translated) if safe else translated  # noqa: S704 - our own words; what is put into them is escaped


@cache
def _locale(code: str) -> Locale:
    """Return what Babel knows of a language; looked up each time, it asked the disk whether it knows anything."""
    return Locale.parse(code)


def select_locale() -> str:
    """Choose the code of the request's language: the person's choice, the application's, the account's, the browser's.

    `flask.g.ui_locales` (OpenID Connect Core, 3.1.2.1) and `flask.g.account_language` come from other areas.
    """
    if not has_request_context():
        return DEFAULT
    codes = ((wish or "").partition("-")[0].lower() for wish in _wishes())
    return next((code for code in codes if code in BY_CODE), DEFAULT)


def _wishes() -> Iterator[str | None]:
    """Look who asks only where nothing else decides before, but then at once: this may be the first word of a page."""
    yield incoming.current().jar.get(COOKIE)
    yield from g.get("ui_locales", ())
    if "account_language" not in g:
        look: Callable[[], object] = current_app.extensions.get(PERSON, lambda: None)
        look()
    yield g.get("account_language")
    yield from (tag for tag, quality in request.accept_languages if quality > 0)


def current() -> Language:
    """Return the language that texts come out in now."""
    locale: Locale | None = get_locale()
    return BY_CODE[locale.language if locale and locale.language in BY_CODE else DEFAULT]


def labelled(label: str, value: object) -> str:
    """Return a label and what it stands before, with the colon of the language: French has a space before it."""
    text: str = gettext("%(label)s: %(value)s", label=label, value=value)
    return text


def choices() -> list[SelectChoice]:
    """Return what a drop-down list of languages offers, like "English (en)"."""
    return [SelectChoice(language.code, f"{language.name} ({language.code})") for language in OFFERED]


def here(**changes: object) -> str:
    """Return this page's path with some query arguments changed; None removes one."""
    arguments = {name: values for name, values in request.args.lists() if name not in changes}
    arguments.update({name: [str(value)] for name, value in changes.items() if value is not None})
    query = urlencode(arguments, doseq=True)
    path = _own(request.path)
    return f"{path}?{query}" if query else path


def language_href(code: str) -> str:
    """Return the address that shows this page in another language; behind a mere answer, the page before it."""
    if "GET" in _methods():
        return here(lang=code)
    before = urlsplit(request.referrer or "")
    ours = before.netloc == current_app.config["SERVER_NAME"]
    return f"{_own(before.path) if ours else '/'}?lang={code}"


def remember_choice(asked: Incoming) -> Response | None:
    """Answer `?lang=xx`: keep the choice in a cookie and go on to the same address without the parameter."""
    code = asked.query.get(COOKIE)
    if code not in BY_CODE or asked.method != "GET":
        return None
    # A whole address: a path that begins with two slashes would lead to another host.
    answer = redirect(current_app.config["ORIGIN"] + here(lang=None), 303)
    secure = settings.current().secure_cookies
    answer.set_cookie(COOKIE, code, COOKIE_SECONDS, secure=secure, httponly=True, samesite="Lax")
    return answer  # type: ignore[return-value]


def _own(path: str) -> str:
    """Return a path that browsers cannot take for another host, as they do with two slashes or backslashes in front."""
    return "/" + quote(path.lstrip("/\\"), safe="/%:@!$&'()*+,;=~")


def _methods() -> set[str]:
    return (request.url_rule.methods if request.url_rule else None) or {"GET"}
