"""Composition: the only code, beside the command line, that knows every area."""

import importlib
import importlib.util
import sys

from flask import Flask

from idp.accounts import session
from idp.core import configuration, db, vault, web
from idp.core.settings import Settings, SettingsError

# Each module has a `blueprint`; the order is the order of registration.
VIEWS = (
    "idp.core.outbox_views",
    "idp.accounts.views",
    "idp.mfa.views",
    "idp.signin.views",
    "idp.saas.views",
    "idp.oidc.views",
)


def create_app(settings: Settings | None = None) -> Flask:
    """Build the identity server; without a configuration it is read from the files and the environment.

    Exits with status 2 and one sentence per problem if the configuration cannot be used.
    """
    try:
        settings = settings or configuration.load()
        vault.check(settings.vault.keys)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None
    app = Flask(__name__)
    app.extensions["ern_settings"] = settings
    db.init(app, settings)
    web.init(app)
    session.init(app)
    for name in VIEWS:
        if importlib.util.find_spec(name):
            app.register_blueprint(importlib.import_module(name).blueprint)
    return app
