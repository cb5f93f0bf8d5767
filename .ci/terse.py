"""Compile the Python files of folders without their docstrings: `python .ci/terse.py FOLDER ...`.

Python's own `-OO` leaves the assertions out too, and what a library asserts shall stay.
"""

import ast
import sys
from contextlib import suppress
from importlib.machinery import SourceFileLoader
from importlib.util import cache_from_source
from pathlib import Path

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
# SQLAlchemy puts the docstrings of its events together when it is loaded, and asserts that they are there.
LEFT = "events.py"


class Terse(SourceFileLoader):
    """Python's own loader, which keeps beside the source what it compiled; docstrings it passes over."""

    def source_to_code(self, data, path):
        """Compile a module's text without its docstrings."""
        tree = ast.parse(data, path)
        for node in ast.walk(tree):
            if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
                node.body = node.body[1:] or [ast.copy_location(ast.Pass(), node.body[0])]
        return super().source_to_code(tree, path)


def main():
    """Compile each file anew; what cannot be compiled is no module."""
    sys.dont_write_bytecode = False
    files = [file for folder in sys.argv[1:] for file in Path(folder).rglob("*.py") if file.name != LEFT]
    for file in files:
        Path(cache_from_source(str(file))).unlink(missing_ok=True)
        with suppress(SyntaxError):
            Terse(file.stem, str(file)).get_code(file.stem)


if __name__ == "__main__":
    main()
