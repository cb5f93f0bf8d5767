"""Whom we believe what only the proxy in front can know: a request's source, its scheme, its client's certificate."""

import ipaddress
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from idp.core.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CERTIFICATE = "X-Client-Certificate"
CERTIFICATE_IN_ENVIRON = "HTTP_X_CLIENT_CERTIFICATE"
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", CERTIFICATE_IN_ENVIRON)


def init(app: Flask, settings: Settings) -> None:
    """Let the application read what its proxies forwarded, and nothing of that kind that anybody else sent."""
    hops = settings.server.trusted_proxies
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    app.wsgi_app = _believing(app, app.wsgi_app)  # type: ignore[method-assign,assignment]


def _believing(app: Flask, application: "WSGIApplication") -> "WSGIApplication":
    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        server = app.extensions["ern_settings"].server
        if not trusted(environ.get("REMOTE_ADDR", ""), server.trusted_proxy_networks):
            for name in FORWARDED:
                environ.pop(name, None)
        elif not server.client_certificates:
            environ.pop(CERTIFICATE_IN_ENVIRON, None)
        return application(environ, start_response)

    return answer


@lru_cache(maxsize=1024)
def trusted(address: str, networks: tuple[str, ...]) -> bool:
    """Say whether a request comes directly from one of our proxies."""
    try:
        source = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(source in ipaddress.ip_network(network) for network in networks)
