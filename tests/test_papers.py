"""The papers tell the truth: what they name exists, what they tell people to type works."""

import ast
import json
import re
import shlex
import sqlite3
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import click
import pytest

from idp import cli
from idp.core import configuration, settings
from idp.core.db import Model, placed
from idp.oidc.claims import SCOPES

ROOT = Path(__file__).resolve().parent.parent
PAPERS = (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")))
NAMED = ["README", "ARCHITECTURE", "CONTRIBUTING", "SECURITY", "CHANGELOG"]
TOPS = ("idp", "cpms_client", "ecp_client", "tests", "config", "docs", "migrations", ".ci", "bench")
EXAMPLE = ROOT / "config" / "production.example.toml"
# Files that the operator makes.
MADE_BY_OTHERS = {"config/production.toml", "config/ecp_production.toml"}

papers = pytest.mark.parametrize("paper", PAPERS, ids=lambda path: path.relative_to(ROOT).as_posix())


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def quoted(text: str) -> list[str]:
    """What stands between backquotes in running text."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))


def commands(text: str) -> Iterator[list[str]]:
    """Each line that somebody may type, without comments and continued lines joined."""
    lines = [line for block in blocks(text, "sh") for line in block.replace("\\\n", " ").splitlines()]
    for line in (*lines, *(words for words in quoted(text) if words.startswith(("make ", "python -m ")))):
        yield shlex.split(line, comments=True)


def anchors(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def test_the_papers_are_there() -> None:
    assert {f"{name}.md" for name in NAMED} <= {path.name for path in PAPERS}
    assert (ROOT / "LICENSE").read_text("utf-8").count("EUPL-1.2") > 0


@papers
def test_every_link_leads_somewhere(paper: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", paper.read_text("utf-8")):
        if urlsplit(link).scheme:
            continue
        path, _, anchor = link.partition("#")
        target = (paper.parent / path).resolve() if path else paper
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text("utf-8")), link


@papers
def test_every_path_that_is_named_exists(paper: Path) -> None:
    paths = [words for words in quoted(paper.read_text("utf-8")) if words.startswith(tuple(f"{top}/" for top in TOPS))]
    named = [path for path in paths if "<" not in path and path not in MADE_BY_OTHERS]
    assert [path for path in named if not (ROOT / path.partition("::")[0]).exists()] == []


@papers
def test_every_function_that_is_named_stands_in_its_file(paper: Path) -> None:
    named = re.findall(r"`(\w+)`\s+in\s+`([\w/.]+\.py)`", paper.read_text("utf-8"))
    defined = {
        file: re.findall(r"^(?:def |class )?(\w+)", (ROOT / file).read_text("utf-8"), re.MULTILINE) for _, file in named
    }
    assert [(name, file) for name, file in named if name not in defined[file]] == []


@papers
def test_every_make_target_and_command_exists(paper: Path) -> None:
    for words in commands(paper.read_text("utf-8")):
        if words[:1] == ["make"]:
            assert {word for word in words[1:] if "=" not in word} <= targets(), words
        if "-m" in words and words[0].rpartition("/")[2].startswith("python"):
            _check_module(words[words.index("-m") + 1 :])


def _check_module(words: list[str]) -> None:
    module, *arguments = words
    if module == "idp.cli":
        _check_command(arguments)
    elif module.endswith(".cli"):
        source = (ROOT / module.replace(".", "/")).with_suffix(".py").read_text("utf-8")
        assert not arguments or f'add_parser("{arguments[0]}"' in source, words
    elif module.partition(".")[0] in TOPS:
        assert (ROOT / module.replace(".", "/")).with_suffix(".py").exists(), words
    elif module == "pytest":
        assert [path for path in arguments if path.startswith("tests/") and not (ROOT / path).exists()] == []


def _check_command(arguments: list[str]) -> None:
    command: click.Command = cli.main
    while isinstance(command, click.Group):
        assert arguments and arguments[0] in command.commands, arguments
        command, arguments = command.commands[arguments[0]], arguments[1:]
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in arguments if word.startswith("--")} <= options, arguments


def test_every_option_of_a_registration_is_explained() -> None:
    told = (ROOT / "docs/federate.md").read_text("utf-8")
    client = cli.main.commands["client"].commands  # type: ignore[attr-defined]
    assert [option for one in client["add"].params for option in one.opts if option not in told] == []
    assert [name for name in client if f"client {name}" not in told] == []


def test_every_scope_and_claim_is_explained() -> None:
    told = (ROOT / "docs/federate.md").read_text("utf-8")
    names = [*SCOPES, *(name for _, claims in SCOPES.values() for name in claims)]
    assert [name for name in names if f"`{name}`" not in told and f'"{name}"' not in told] == []
    for block in blocks(told, "json"):
        json.loads(block)


@papers
def test_every_example_of_code_can_be_read(paper: Path) -> None:
    for block in blocks(paper.read_text("utf-8"), "python"):
        ast.parse(block)


@papers
def test_every_sql_statement_fits_the_tables(paper: Path) -> None:
    database = sqlite3.connect(":memory:")
    for table in Model.metadata.tables.values():
        database.execute(
            f'CREATE TABLE "{table.name}" ({", ".join(f"{chr(34)}{one.name}{chr(34)}" for one in table.columns)})'
        )
    for block in blocks(paper.read_text("utf-8"), "sql"):
        database.executescript(block)
    database.close()


def test_every_demo_person_is_introduced() -> None:
    people = tomllib.loads((ROOT / "config/demo/people.toml").read_text("utf-8"))["person"]
    told = (ROOT / "README.md").read_text("utf-8")
    assert [person["email"] for person in people if person["email"] not in told] == []
    assert configuration.load({}).demo.password in told


def test_the_example_of_a_production_configuration_needs_its_secrets_and_nothing_else() -> None:
    secrets = dict.fromkeys(re.findall(r"^#   (ERN_\w+)", EXAMPLE.read_text("utf-8"), re.MULTILINE), "x" * 44)
    loaded = configuration.load({"ERN_CONFIG": str(EXAMPLE), **secrets})
    assert loaded.in_production
    assert loaded.secure_cookies
    with pytest.raises(settings.SettingsError) as refused:
        configuration.load({"ERN_CONFIG": str(EXAMPLE)})
    assert str(refused.value).count("is missing") == 4


def test_every_setting_that_production_needs_is_in_the_operators_paper() -> None:
    told = (ROOT / "docs/operate.md").read_text("utf-8")
    sections = {section for section, _ in configuration.PRODUCTION_NEEDS}
    assert [section for section in sections if f"[{section}]" not in told] == []
    assert [key for _, key in configuration.PRODUCTION_NEEDS if not re.search(rf"`[^`]*\b{key}`", told)] == []


def test_commands_find_the_database_of_make_run_from_any_folder() -> None:
    usual = configuration.load({}).database.url
    assert placed(usual) == f"sqlite:///{ROOT}/var/idp.sqlite"
    unchanged = ("sqlite://", "sqlite:///:memory:", "sqlite:////srv/idp.sqlite", "postgresql+psycopg://host/idp")
    assert [placed(url) for url in unchanged] == [*unchanged]


def test_pictures_are_small() -> None:
    pictures = sorted((ROOT / "docs").rglob("*.png"))
    assert [path.name for path in pictures if path.stat().st_size > 200 * 1024] == []
