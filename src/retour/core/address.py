"""Addresses on the web that a merchant gives us."""

import re
from typing import Final

from retour.core.errors import Refused

LONGEST: Final = 2000
# Scheme, host (a name or a bracketed IPv6 address), port, then a path and a query of visible ASCII; no user, no fragment.
_URL: Final = re.compile(r"(https?)://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([1-9][0-9]{0,4}))?(?:[/?][!-\"$-~]*)?")


def check_url(url: str, *, field: str, allow_plain: bool) -> None:
    """Raise Refused(invalid_url) unless the address is https, without user and fragment, at most 2,000 characters.

    `allow_plain` also allows http, for development. Where the name leads is checked when it is called, not here.
    """
    match = _URL.fullmatch(url) if len(url) <= LONGEST else None
    fits = match is not None and (allow_plain or match[1] == "https") and int(match[2] or 0) <= 65_535
    if not fits:
        raise Refused(
            "invalid_url", f"expected an address that begins with https://{' or http://' * allow_plain}", field=field
        )
