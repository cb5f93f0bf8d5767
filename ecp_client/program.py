"""What the running program carries with it: its settings and its connection to ERN Login."""

from dataclasses import dataclass
from typing import cast

from flask import current_app

from ecp_client.issuer import Issuer
from ecp_client.settings import Settings

KEY = "ecp"


@dataclass(frozen=True)
class Program:
    """One instance of this platform."""

    settings: Settings
    issuer: Issuer

    @property
    def cookie(self) -> str:
        """The name of the session cookie; `__Host-` ties it to https and this host."""
        return "__Host-ecp_session" if self.settings.secure else "ecp_session"


def program() -> Program:
    """The program that answers this request."""
    return cast("Program", current_app.extensions[KEY])
