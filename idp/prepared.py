"""Whether a database needs preparing: a start with nothing new costs no second look at migrations and data."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
SQLITE = "sqlite:///"


@dataclass(frozen=True)
class Preparation:
    """What a program is prepared from: package, settings and database URL; and the note about the last time."""

    package: str
    env: Mapping[str, str]
    database: str
    note: Path

    def is_current(self) -> bool:
        """Say whether nothing changed since `keep`; a database on a server may have changed, so it never is."""
        return self._file().is_file() and self.note.is_file() and self.note.read_text("utf-8") == self._fingerprint()

    def keep(self) -> None:
        """Note that the database fits to the program as it is now."""
        if self._file().is_file():
            self.note.write_text(self._fingerprint(), "utf-8")

    def _file(self) -> Path:
        return Path(self.database.removeprefix(SQLITE) if self.database.startswith(SQLITE) else "/")

    def _fingerprint(self) -> str:
        seen = {path.relative_to(ROOT).as_posix(): _state(path) for path in self._sources()}
        # Another file in the place of the database is another database.
        parts = [seen, dict(self.env), self._file().stat().st_ino]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def _sources(self) -> Iterator[Path]:
        for folder, pattern in ((self.package, "*.py"), ("migrations", "*.py"), ("config", "*.*")):
            yield from (ROOT / folder).rglob(pattern)


def _state(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size
