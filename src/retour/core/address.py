"""Addresses on the web that a merchant gives us."""

import ipaddress
import re
from typing import Final

from retour.core.errors import Refused

LONGEST: Final = 2000
GLOBAL_UNICAST: Final = ipaddress.IPv6Network("2000::/3")  # RFC 4291, section 2.4: the only part in public use
# Scheme, host (a name or a bracketed IPv6 address), port, then a path and a query of visible ASCII; no user, no fragment.
_URL: Final = re.compile(r"(https?)://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([1-9][0-9]{0,4}))?(?:[/?][!-\"$-~]*)?")
# Names that no public server has (RFC 6761, RFC 6762, RFC 8375; ICANN reserved the third).
_INTERNAL: Final = frozenset({"localhost", "local", "internal", "arpa"})
_NUMBER: Final = re.compile(
    r"[0-9]+|0[xX][0-9A-Fa-f]*"
)  # a host that ends so is an IPv4 address, however it is spelled


def check_url(url: str, *, field: str, allow_plain: bool) -> None:
    """Raise Refused(invalid_url) unless the address is https, without user and fragment, at most 2,000 characters.

    Raises Refused(internal_url) for a host that nobody outside could reach. `allow_plain` also allows http and such
    hosts, for development. Where a public name leads is checked each time it is called, not here.
    """
    match = _URL.fullmatch(url) if len(url) <= LONGEST else None
    if match is None or not (allow_plain or match[1] == "https") or int(match[3] or 0) > 65_535:
        raise Refused(
            "invalid_url", f"expected an address that begins with https://{' or http://' * allow_plain}", field=field
        )
    if not (allow_plain or _may_be_public(match[2])):
        raise Refused("internal_url", "expected the address of a server that the internet can reach", field=field)


def is_public(address: str) -> bool:
    """Return whether an IP address lies in the public internet, also when wrapped in an IPv6 one."""
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or _nat64(ip)
        if inner is None and ip not in GLOBAL_UNICAST:
            return False
        ip = inner or ip
    return ip.is_global and not ip.is_multicast


def _may_be_public(host: str) -> bool:
    """Return whether a host is a public address or has a name that may lead to one."""
    labels = host.rstrip(".").split(".")
    if host.startswith("[") or _NUMBER.fullmatch(labels[-1]):
        try:
            return is_public(str(ipaddress.IPv6Address(host[1:-1])) if host.startswith("[") else host)
        except ValueError:
            return False
    return len(labels) > 1 and labels[-1].lower() not in _INTERNAL


def _nat64(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in ipaddress.ip_network("64:ff9b::/96") else None
