"""The part of the command line that loads FIDO metadata: names of and warnings about models of security keys."""

import importlib
import importlib.util
import sys
from pathlib import Path

import click

from idp.core import clock
from idp.core.errors import Conflict
from idp.mfa import key_models

# By name: its library is an extra.
READER = "idp.mfa.metadata_blob"
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def metadata() -> None:
    """Know the models of security keys by their FIDO metadata."""


@metadata.command("load")
@click.argument("file", type=FILE)
@click.option("--root", required=True, type=FILE, help="The certificate (PEM or DER) under which the file is signed.")
def load(file: Path, root: Path) -> None:
    """Verify a file of the FIDO Metadata Service and take it over."""
    if importlib.util.find_spec("fido2") is None:
        sys.exit('Reading FIDO metadata needs the extra "mds" (fido2).')
    reader = importlib.import_module(READER)
    try:
        blob = reader.read(file.read_bytes(), root.read_bytes(), clock.now())
        key_models.replace(blob)
    except reader.Untrusted as problem:
        sys.exit(f"Nothing was loaded: {problem}.")
    except Conflict:
        sys.exit("Nothing was loaded: the file is older than the one that was loaded last.")
    warned = sum(bool(model.warning) for model in blob.models)
    click.echo(f"Number {blob.number}: {len(blob.models)} models, {warned} with a warning. Next: {blob.next_update}.")
