"""What people do with the ERN Login Mobile App on their phones, and what somebody does who does not know its PIN."""

from typing import TYPE_CHECKING

from tests.support.companion_app import CompanionApp, Foreign
from tests.walks.walker import Someone, Walker

if TYPE_CHECKING:
    from tests.walks.walk import Walk

GUESSED_PIN = "9999"
GUESSED_NUMBER = "42"


def does_its_part(walk: "Walk", browser: int, person: Someone, *, right: bool) -> None:
    """Do on the phone what the page asks for: scan its code and choose a PIN, or type its number and the PIN."""
    walker = walk.walkers[browser]
    if link := walker.link("pair"):
        _adds(walk, person, link)
        walk.goes(browser, walker.path)
    elif person.apps and (shown := walker.number()):
        app = person.apps[-1]
        approves(walk, app, shown if right else _another(shown), app.pin)


def approves(walk: "Walk", app: CompanionApp, number: str, pin: str) -> None:
    """Type a number and a PIN for the newest request."""
    waiting = walk.calls(app, "asks what waits", app.requests)
    if not waiting:
        return
    given = f"types {number} and {'its' if pin == app.pin else 'a wrong'} PIN"
    if walk.calls(app, given, lambda: app.approves(number, pin, waiting[0])):
        walk.rules.approved(app, waiting[0]["id"], pin)


def steals(walk: "Walk", browser: int, person: Someone, number: int) -> None:
    """Use somebody's phone without the PIN: deny, type any PIN for a request, or scan what the page shows."""
    if not person.apps:
        return
    app, walker = person.apps[number % len(person.apps)], walk.walkers[browser]
    if walker.link("login"):
        walk.posts(browser, {"csrf_token": walker.form_token, "code": _read(walker, app)})
    elif number % 4 == 1 and (waiting := walk.calls(app, "asks what waits", app.requests)):
        walk.calls(app, "denies", lambda: app.denies(waiting[0]))
    else:
        approves(walk, app, walker.number() or GUESSED_NUMBER, GUESSED_PIN)


def unlinks(walk: "Walk", person: Someone) -> None:
    """Remove the account from the newest phone, which takes no PIN."""
    if person.apps:
        walk.calls(person.apps[-1], "gives the account up", person.apps[-1].unlinks)


def _adds(walk: "Walk", person: Someone, link: str) -> None:
    app = CompanionApp(walk.ground.phone)
    if walk.calls(app, "scans a code to be added", lambda: app.pairs(link)):
        person.apps.append(app)


def _read(walker: Walker, app: CompanionApp) -> str:
    try:
        return app.reads(walker.link("login"), GUESSED_PIN)
    except Foreign:
        return "00000000"


def _another(shown: str) -> str:
    return "11" if shown != "11" else "12"
