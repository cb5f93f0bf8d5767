"""The clients of the demonstration, from `config/demo/clients.toml`."""

import tomllib

from idp.core import settings
from idp.core.configuration import CONFIG
from idp.core.db import transactional
from idp.oidc import clients
from idp.oidc.clients import Registration


@transactional
def load() -> None:
    """Make the demonstration's clients exist, at the addresses and with the secrets of the settings."""
    demo = settings.current().demo
    for entry in tomllib.loads((CONFIG / "demo" / "clients.toml").read_text("utf-8"))["client"]:
        base = getattr(demo, entry["base"])
        registration = Registration(
            client_name=entry["client_name"],
            redirect_uris=[f"{base}/sign-in/callback"],
            post_logout_redirect_uris=[f"{base}/"],
            application_id=entry["application_id"],
            further={"backchannel_logout_uri": f"{base}/sign-in/back-channel-logout"},
        )
        clients.keep(registration, entry["client_id"], getattr(demo, entry["secret"]))
