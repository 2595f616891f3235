"""The mail server that takes our mail, as the operator describes it in one address."""

import ipaddress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Self
from urllib.parse import parse_qsl, unquote, urlsplit

SHAPE: Final = "expected smtp://user:password@host:587?starttls=1 or smtps://user:password@host"
_ASKED: Final = {"1": "always", "0": "never"}


class Encryption(StrEnum):
    """How the connection to the server is protected."""

    AT_ONCE = "at_once"  # TLS from the first byte
    ALWAYS = "always"  # STARTTLS, or nothing is sent
    OFFERED = "offered"  # STARTTLS where the server offers it
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class MailServer:
    """One mail server as the operator describes it."""

    host: str
    port: int
    encryption: Encryption
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, url: str) -> Self:
        """Return the server of an address; raise ValueError with words that repeat no password."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise ValueError(SHAPE) from None
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path not in ("", "/") or parts.fragment:
            raise ValueError(SHAPE)
        wishes = dict(parse_qsl(parts.query, keep_blank_values=True))
        starttls = wishes.pop("starttls", None)
        if wishes or starttls not in (None, "0", "1") or (parts.scheme == "smtps" and starttls is not None):
            raise ValueError(f"{SHAPE}; starttls is 0 or 1, and nothing else may follow the ?")
        if (parts.username is None) != (parts.password is None):
            raise ValueError(f"{SHAPE}; a user needs a password")
        if parts.scheme == "smtps":
            encryption = Encryption.AT_ONCE
        else:
            encryption = Encryption(_ASKED[starttls]) if starttls else Encryption.OFFERED
        user = unquote(parts.username) if parts.username is not None else None
        password = unquote(parts.password) if parts.password is not None else None
        standard = 465 if encryption is Encryption.AT_ONCE else 587 if user else 25
        server = cls(parts.hostname, port or standard, encryption, user, password)
        if user is not None and encryption is Encryption.NEVER and not server.on_this_machine:
            raise ValueError(f"{SHAPE}; a password is not sent without encryption")
        return server

    @property
    def on_this_machine(self) -> bool:
        """Return whether what is said to the server never leaves this machine."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"
