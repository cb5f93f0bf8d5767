"""Apache with mod_auth_openidc: a relying party that we did not write, with a private configuration file.

`/private/` needs a sign-in; its answer shows the claims that Apache received (`X-Claim-<name>` headers of the answer).
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.servers import process

MODULES = (Path("/usr/lib/apache2/modules"), Path("/usr/lib64/httpd/modules"), Path("/opt/homebrew/lib/httpd/modules"))
LOADED = ("mpm_event", "authz_core", "authn_core", "authz_user", "auth_openidc", "headers", "dir", "mime")
PRIVATE_PAGE = "the private page behind Apache\n"

CONFIGURATION = """
ServerRoot {folder}
PidFile {folder}/pid
Listen 127.0.0.1:{port}
ServerName localhost
{identity}
Mutex pthread
{modules}
TypesConfig /dev/null
ErrorLog {folder}/error.log
LogLevel warn
StartServers 1
ServerLimit 1
DocumentRoot {folder}/www
DirectoryIndex index.txt
{relying_party}
<Directory {folder}/www>
  Require all granted
</Directory>
"""

RELYING_PARTY = """
OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID {client_id}
OIDCClientSecret {client_secret}
OIDCRedirectURI http://localhost:{port}/private/callback
OIDCCryptoPassphrase only-for-one-test-run
OIDCScope "{scope}"
OIDCPKCEMethod S256
OIDCCookieSameSite On
OIDCRemoteUserClaim sub
OIDCDefaultLoggedOutURL http://localhost:{port}/
{more}
<Location /private>
  AuthType openid-connect
  {require}
{headers}
</Location>
"""


@dataclass(frozen=True)
class Registration:
    """What Apache knows of the identity server: address, client, scope, and what it asks of a visitor."""

    issuer: str
    client_id: str
    client_secret: str
    scope: str = "openid"
    require: str = "Require valid-user"
    shown_claims: tuple[str, ...] = ("sub",)
    more: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Site:
    """A running Apache: its address, and where its error log lies."""

    base_url: str
    folder: Path
    server: process.Process

    @property
    def private_url(self) -> str:
        """The page that needs a sign-in."""
        return f"{self.base_url}/private/"

    def errors(self) -> str:
        """Return Apache's error log."""
        return (self.folder / "error.log").read_text(encoding="utf-8", errors="replace")


def redirect_uri(port: int) -> str:
    """Return the redirect URI to register for Apache on this port."""
    return f"http://localhost:{port}/private/callback"


def program() -> str | None:
    """Return the path of Apache; None where it or mod_auth_openidc is not installed."""
    found = shutil.which("apache2", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or shutil.which("httpd")
    return found if found and _modules() else None


@contextmanager
def running(registration: Registration, port: int) -> Iterator[Site]:
    """Start Apache for this registration on a free `port` (see `process.free_port`); stop it at the end."""
    with running_as(_relying_party(registration, port), port) as site:
        yield site


@contextmanager
def running_as(relying_party: str, port: int) -> Iterator[Site]:
    """Start Apache with these directives of mod_auth_openidc on a free `port`; stop it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="ern-apache-"))
    process.tell_reaper("+folder", str(folder))
    folder.chmod(0o755)  # its workers run as another user when we are root
    (folder / "www" / "private").mkdir(parents=True)
    (folder / "www" / "index.txt").write_text("signed out\n")
    (folder / "www" / "private" / "index.txt").write_text(PRIVATE_PAGE)
    (folder / "apache.conf").write_text(_configuration(relying_party, folder, port))
    try:
        server = process.start([program(), "-f", folder / "apache.conf", "-DFOREGROUND"], folder / "log", cwd=folder)
        server.wait_until(lambda: process.port_answers(port))
        try:
            yield Site(f"http://localhost:{port}", folder, server)
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        process.tell_reaper("-folder", str(folder))


def _configuration(relying_party: str, folder: Path, port: int) -> str:
    return CONFIGURATION.format(
        folder=folder,
        port=port,
        identity="User www-data\nGroup www-data" if os.geteuid() == 0 else "",
        modules="\n".join(f"LoadModule {name}_module {_modules()}/mod_{name}.so" for name in LOADED),
        relying_party=relying_party,
    )


def _relying_party(registration: Registration, port: int) -> str:
    headers = (f'  Header set X-Claim-{name} "%{{OIDC_CLAIM_{name}}}e"' for name in registration.shown_claims)
    return RELYING_PARTY.format(
        port=port,
        issuer=registration.issuer,
        client_id=registration.client_id,
        client_secret=registration.client_secret,
        scope=registration.scope,
        require=registration.require,
        headers="\n".join(headers),
        more="\n".join(registration.more),
    )


def _modules() -> Path | None:
    return next((folder for folder in MODULES if (folder / "mod_auth_openidc.so").exists()), None)
