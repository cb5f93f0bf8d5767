"""The shape of the code: sizes, names and places that a reader can rely on (ruff checks the rest)."""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = ("idp", "cpms_client", "ecp_client")
FILE_LINES, FUNCTION_LINES, TEMPLATE_LINES = 300, 40, 80
SAYS_NOTHING = re.compile(r"(^|_)(util|helper|common|manager|handler|base|service|misc)s?(_|$)")
INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style\b|\sstyle=|\son[a-z]+=|href=.javascript:", re.IGNORECASE)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def modules(*tops: str) -> list[Path]:
    found = (path for top in tops for path in (ROOT / top).rglob("*.py") if "node_modules" not in path.parts)
    return sorted(path for path in found if path.is_file())


def written(*tops: str) -> list[Path]:
    """The modules without the migrations, which are generated lists of columns."""
    return [path for path in modules(*tops) if "migrations" not in path.parts]


def templates() -> list[Path]:
    found = (path for program in PROGRAMS for path in (ROOT / program).rglob("templates/**/*"))
    return sorted(path for path in found if path.suffix in {".html", ".txt", ".xml"})


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def test_no_file_is_longer_than_the_ceiling() -> None:
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in written(*PROGRAMS, ".ci")}
    assert {path: lines for path, lines in lengths.items() if lines > FILE_LINES} == {}


def test_no_function_is_longer_than_the_ceiling() -> None:
    functions = (
        (f"{name(path)}:{node.lineno} {node.name}", node.end_lineno - node.lineno + 1)
        for path in written(*PROGRAMS, ".ci")
        for node in ast.walk(tree(path))
        if isinstance(node, FUNCTIONS)
    )
    assert {function: lines for function, lines in functions if lines > FUNCTION_LINES} == {}


def test_no_template_is_longer_than_the_ceiling() -> None:
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in templates()}
    assert {path: lines for path, lines in lengths.items() if lines > TEMPLATE_LINES} == {}


def test_no_template_carries_script_or_style_inline() -> None:
    found = {name(path): INLINE.findall(path.read_text(encoding="utf-8")) for path in templates()}
    assert {path: hits for path, hits in found.items() if hits} == {}


def test_module_names_say_what_they_are_about() -> None:
    assert [name(path) for path in modules(*PROGRAMS, "tests") if SAYS_NOTHING.search(path.stem)] == []


def test_package_files_are_empty() -> None:
    assert [name(path) for path in modules(*PROGRAMS) if path.name == "__init__.py" and path.read_text()] == []


@pytest.mark.parametrize("program", PROGRAMS)
def test_only_the_edge_catches_everything(program: str) -> None:
    found = [
        f"{name(path)}:{node.lineno}"
        for path in modules(program)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler) and _catches_everything(node)
    ]
    assert len(found) <= 1, found


def _catches_everything(handler: ast.ExceptHandler) -> bool:
    # What is caught to clean up and raised again, is not caught.
    reraised = any(isinstance(node, ast.Raise) and node.exc is None for node in ast.walk(handler))
    everything = handler.type is None or ast.unparse(handler.type) in {"Exception", "BaseException"}
    return everything and not reraised


def test_only_the_clock_reads_the_time() -> None:
    reads = re.compile(r"\bdatetime\.(now|utcnow|today)\(|\bdate\.today\(|\btime\.time\(")
    found = [name(path) for path in modules(*PROGRAMS) if reads.search(path.read_text(encoding="utf-8"))]
    assert [path for path in found if not path.endswith("/clock.py")] == []


def layer_contracts() -> Iterator[tuple[str, set[str]]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for contract in project["tool"]["importlinter"]["contracts"]:
        for container in contract.get("containers", ()):
            assert contract["exhaustive"], container
            yield container, {module for layer in contract["layers"] for module in re.findall(r"\w+", layer)}


def test_every_module_of_the_identity_server_has_its_place_in_the_layers() -> None:
    places = {f"{container}.{module}" for container, names in layer_contracts() for module in names}
    found = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in modules("idp")
    }
    assert sorted(found - places - {"idp"}) == []


def test_no_listener_hears_the_engines_of_other_programs() -> None:
    # The programs share a process in tests: a listener belongs to one engine, never to the class.
    found = [name(path) for path in modules(*PROGRAMS) if "listens_for(Engine," in path.read_text(encoding="utf-8")]
    assert found == []
