"""The demonstration: people, their phones and accesses, and the clients."""

import tomllib

from idp.accounts import people
from idp.core import settings
from idp.core.configuration import CONFIG
from idp.mfa import enrolment
from idp.oidc import demo as demo_clients
from idp.saas import demo as demo_accesses

LANGUAGE = "en"


def load() -> None:
    """Make the demonstration exist; what is there already stays as it is."""
    for person in tomllib.loads((CONFIG / "demo" / "people.toml").read_text("utf-8"))["person"]:
        account = people.create(
            person["first_name"],
            person["last_name"],
            person["email"],
            settings.current().demo.password,
            LANGUAGE,
            is_administrator=person.get("administrator", False),
        )
        if not enrolment.authenticators(account.id):
            enrolment.add_confirmed_phone(account, person["phone_number"])
    demo_accesses.load()
    demo_clients.load()
