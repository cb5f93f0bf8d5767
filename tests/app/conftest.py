"""The modules of the mobile app, run where they live: in Chromium, from the identity server, under its policy."""

import json
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from idp.core.assets import asset
from tests.support.edge import serving
from tests.support.identity_server import configured

Run = Callable[..., Any]


@pytest.fixture(scope="package")
def origin(sqlite_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an identity server in this process, on a database of its own."""
    path = tmp_path_factory.mktemp("app") / "idp.sqlite3"
    shutil.copy(sqlite_template.removeprefix("sqlite:///"), path)
    with serving(lambda **environ: configured(f"sqlite:///{path}", **environ)) as address:
        yield address


@pytest.fixture(scope="package")
def shared_page(engine: Browser, origin: str) -> Iterator[Page]:
    """One window for all tests that leave nothing behind."""
    page = engine.new_page()
    page.goto(f"{origin}/app/")
    yield page
    page.context.close()


@pytest.fixture
def page(engine: Browser, origin: str) -> Iterator[Page]:
    """A window with a storage of its own."""
    page = engine.new_page()
    page.goto(f"{origin}/app/")
    yield page
    page.context.close()


@pytest.fixture(scope="package")
def run(shared_page: Page) -> Run:
    return lambda module, body, **given: run_in(shared_page, module, body, **given)


def run_in(page: Page, module: str, body: str, **given: Any) -> Any:
    """Run the body of an async function that knows a module of the app as `it`, and `given` by their names."""
    names = "".join(f"const {name} = {json.dumps(value)};" for name, value in given.items())
    bytes_of = "const bytes = (list) => Uint8Array.from(list), list = (bytes) => Array.from(bytes);"
    address = asset(f"app/{module}.js")
    return page.evaluate(f"async () => {{ {names} {bytes_of} const it = await import('{address}'); {body} }}")
