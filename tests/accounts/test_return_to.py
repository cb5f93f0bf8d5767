"""Where people may be sent on to."""

import pytest

from idp.accounts.return_to import local


@pytest.mark.parametrize("path", ["/", "/account", "/oauth2/authorize?a=b&c=https://x.example/", "/a//b", "/x?y=%5C#z"])
def test_a_path_on_this_server_is_kept(path: str) -> None:
    assert local(path) == path


@pytest.mark.parametrize(
    "wish",
    [
        None,
        "",
        "account",
        "//evil.example/",
        "///evil.example/",
        "/\\evil.example/",
        "\\/evil.example/",
        "https://evil.example/",
        "javascript:alert(1)",
        "/\t/evil.example/",
        "/\n/evil.example",
        " //evil.example",
        "/ /evil.example",
        "/account\r\nSet-Cookie: a=b",
        "/" + "x" * 4000,
    ],
)
def test_anything_else_is_dropped(wish: str | None) -> None:
    assert local(wish) == ""
