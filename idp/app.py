"""Composition: the only code, beside the command line, that knows every area."""

import sys

from idp.accounts import session
from idp.accounts import views as accounts
from idp.core import configuration, db, outbox_views, sms_reports, vault, web
from idp.core.application import Application
from idp.core.settings import Settings, SettingsError
from idp.mfa import app_views, device_api
from idp.mfa import own_data as mfa_data
from idp.mfa import views as mfa
from idp.oidc import own_data as oidc_data
from idp.oidc import views as oidc
from idp.saas import own_data as saas_data
from idp.saas import views as saas
from idp.signin import eid_views
from idp.signin import own_data as signin_data
from idp.signin import views as signin

# What is taken along when a person takes the own data: named here so that it is registered.
OWN_DATA = (mfa_data, signin_data, saas_data, oidc_data)
VIEWS = (outbox_views, sms_reports, accounts, mfa, app_views, device_api, signin, eid_views, saas, oidc)


def create_app(settings: Settings | None = None) -> Application:
    """Build the identity server; without a configuration it is read from the files and the environment.

    Exits with status 2 and one sentence per problem if the configuration cannot be used.
    """
    try:
        settings = settings or configuration.load()
        vault.check(settings.vault.keys)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None
    app = Application(__name__, static_folder=None)
    app.extensions["ern_settings"] = settings
    db.init(app, settings)
    web.init(app)
    session.init(app)
    for views in VIEWS:
        app.register_blueprint(views.blueprint)
    return app
