"""What tests of a program's commands need of its area."""

from tests.cpms.conftest import folder, issuer, served_issuer, settings
from tests.cpms.test_training import trainee, training_app, training_settings

__all__ = ["folder", "issuer", "served_issuer", "settings", "trainee", "training_app", "training_settings"]
