"""No link and no redirect of our pages leads to a place that a stranger chose."""

import re
from urllib.parse import urljoin, urlsplit

import pytest
from flask.testing import FlaskClient

HERE = "http://localhost:8000"
TRICKS = (
    "//evil.example",
    "//evil.example/%2e%2e",
    "///evil.example",
    "/\\evil.example",
    "/\\\\evil.example",
    "\\\\evil.example",
    "/%5cevil.example",
    "/%5c%5cevil.example",
    "/%2f%2fevil.example",
    "/%09/evil.example",
    "/;//evil.example",
)


@pytest.mark.parametrize("path", TRICKS)
@pytest.mark.parametrize("query", ["", "lang=fr", "next=//evil.example"])
def test_a_page_that_does_not_exist_leads_nowhere_else(client: FlaskClient, path: str, query: str) -> None:
    raw = path.replace("%5c", "\\").replace("%2f", "/").replace("%09", "\t").replace("%2e", ".")
    page = client.get("/", environ_overrides={"PATH_INFO": raw, "QUERY_STRING": query, "REQUEST_URI": path})
    targets = re.findall(r'(?:href|action|src)="([^"]*)"', page.text)
    if page.location:
        targets.append(page.location)
    # Browsers read a backslash as a slash and drop tabs and line ends (WHATWG URL, 4.4).
    plain = [target.replace("\\", "/").replace("\t", "").replace("&amp;", "&") for target in targets]
    elsewhere = [target for target in plain if urlsplit(urljoin(HERE, target)).netloc not in ("localhost:8000", "")]
    assert elsewhere == []


@pytest.mark.parametrize("path", TRICKS)
@pytest.mark.parametrize("address", ["/login", "/register", "/account/phones"])
def test_the_way_on_after_a_form_stays_here(client: FlaskClient, path: str, address: str) -> None:
    page = client.get(address, query_string={"next": path}, follow_redirects=True)
    plain = page.text.replace("\\", "/")
    assert not re.search(r'(?:href|action)="(?:https?:)?//', plain), page.request.path
