"""Names in a query that mean something to the framework mean nothing here."""

import pytest

from tests.security.programs import BASE, NAMES, Programs

ODD = (
    "endpoint=x",
    "self=x",
    "values=x",
    "_external=1&_scheme=javascript",
    "_scheme=javascript",
    "_anchor=x",
    "_method=POST",
    "digest=x&filename=x",
    "token=x&number=x&pseudonym=x&ern=x",
    "lang=xx&lang=fr&lang=",
    "page=99999999999999999999999&size=9999999999&records=x&q=%25%5F%27%22",
    "a[]=1&a%5B0%5D=2&=&&;",
)


@pytest.mark.parametrize("query", ODD)
@pytest.mark.parametrize("name", NAMES)
def test_a_page_bears_any_query_and_leads_nowhere_else(name: str, query: str, programs: Programs) -> None:
    browser = programs(name).test_client()
    for path in ("/", "/privacy", "/support", "/help", "/sign-in/x", "/login"):
        answer = browser.get(f"{path}?{query}", base_url=BASE[name], follow_redirects=False)
        assert answer.status_code < 500, (path, answer.status)
        assert "javascript:" not in answer.text
        assert "javascript" not in answer.headers.get("Location", "")
