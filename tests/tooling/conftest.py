"""What tests of a program's commands need of its area."""

from tests.cpms.conftest import folder, issuer, served_issuer, settings

__all__ = ["folder", "issuer", "served_issuer", "settings"]
