"""Where something came from, in words: the browser, and as much of the address as helps to recognise it."""

import ipaddress

from flask_babel import gettext as _

from idp.accounts import browsers


def browser(user_agent: str) -> str:
    """Return the browser and its system as their owner would say it, in the language of the page or mail."""
    program, system = browsers.names(user_agent)
    if program and system:
        return str(_("%(browser)s on %(system)s", browser=program, system=system))
    return program or system or str(_("Unknown browser"))


def place(source: str | None) -> str:
    """Return an address without its last part, which tells the owner enough and others little; empty if unknown."""
    try:
        address = ipaddress.ip_address(source or "")
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv4Address):
        return str(address).rpartition(".")[0] + ".*"
    return f"{ipaddress.ip_network((address, 48), strict=False).network_address}*"
