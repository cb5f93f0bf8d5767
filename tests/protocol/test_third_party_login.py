"""A sign-in that begins on a page of ours (OpenID Connect Core, 4: the plan 3rd Party-Init OP)."""

from html import unescape
from urllib.parse import parse_qs, urlsplit

from idp.accounts import people
from idp.oidc import clients
from idp.oidc.clients import Registration
from idp.saas import catalogue
from idp.saas.direct_grants import Gift, grant_directly
from tests.oidc.relying_party import CALLBACK, ISSUER
from tests.protocol.stage import Stage
from tests.signin.browser import EMAIL

START = "https://rp.example/start?from=ern&x=1"


def registered(stage: Stage, name: str, application_id: int, **further: str) -> None:
    with stage.app.app_context():
        clients.register(Registration(name, [CALLBACK], application_id=application_id, further=further))


def test_who_holds_an_access_finds_the_way_in(stage: Stage) -> None:
    with stage.app.app_context():
        catalogue.load_reference()
        account = people.by_address(EMAIL)
        assert account
        grant_directly(account, Gift(741, "ERN-RND/DE/DE22", ("HP",), "demo"))
    registered(stage, "Rare Registry", 741, initiate_login_uri=START, **{"client_name#fr": "Registre rare"})
    registered(stage, "Silent Registry", 741)
    registered(stage, "Closed Registry", 742, initiate_login_uri=START)
    page = unescape(stage.browser.get("/saas/").text)
    address = page.partition(">Open Rare Registry<")[0].rpartition('href="')[2].partition('"')[0]
    assert address.startswith(START) and parse_qs(urlsplit(address).query)["iss"] == [ISSUER]
    assert "Open Silent Registry" not in page and "Open Closed Registry" not in page
    stage.browser.set_cookie("lang", "fr")
    assert "Registre rare" in stage.browser.get("/saas/").text


def test_who_holds_none_finds_none(stage: Stage) -> None:
    registered(stage, "Rare Registry", 741, initiate_login_uri=START)
    assert "Open Rare Registry" not in stage.browser.get("/saas/").text
