"""Write the lock files from pyproject.toml, by uv, which is installed for the moment beside the environment."""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Without annotations, header and index lines the files name no host and no path of this machine.
COMPILE = ("pip", "compile", "--quiet", "--universal", "--generate-hashes", "--no-annotate", "--no-header")
EXTRAS = tuple(word for extra in ("postgres", "redis", "push", "mds") for word in ("--extra", extra))
LOCKS = {
    "requirements.lock": (*EXTRAS, "pyproject.toml"),
    "requirements-test.lock": (*EXTRAS, "--group", "test", "pyproject.toml"),
    "requirements-build.lock": ("--group", "build"),
}


def main() -> int:
    """Compile them all; what is locked stays unless pyproject.toml asks for another version, or `--upgrade` does."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--target", folder, "uv"], check=True)
        for name, wanted in LOCKS.items():
            command = [f"{folder}/bin/uv", *COMPILE, *wanted, "-o", name, *sys.argv[1:]]
            subprocess.run(command, cwd=ROOT, check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
