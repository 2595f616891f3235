"""The mail server that takes our mail, as the operator describes it in one address."""

import ipaddress
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Self

SHAPE: Final = "expected smtp://user:password@host:587?starttls=1 or smtps://user:password@host"
_ADDRESS: Final = re.compile(
    r"(?P<scheme>smtps?)://(?:(?P<user>[^\s:@/?#]+):(?P<password>[^\s:@/?#]+)@)?"
    r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9._-]+))(?::(?P<port>[0-9]{1,5}))?/?(?:\?starttls=(?P<starttls>[01]))?"
)
_ESCAPED: Final = re.compile(rb"%([0-9A-Fa-f]{2})")


class Encryption(StrEnum):
    """How the connection to the server is protected."""

    AT_ONCE = "at_once"  # TLS from the first byte
    ALWAYS = "always"  # STARTTLS, or nothing is sent
    OFFERED = "offered"  # STARTTLS where the server offers it
    NEVER = "never"


_STARTTLS: Final = {None: Encryption.OFFERED, "1": Encryption.ALWAYS, "0": Encryption.NEVER}


@dataclass(frozen=True, slots=True)
class MailServer:
    """One mail server; without a port of its own it is asked on 465 (smtps), 587 (with a password) or 25."""

    host: str
    port: int
    encryption: Encryption
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, url: str) -> Self:
        """Return the server of an address; raise ValueError with words that repeat no password.

        What is special in an address (`@ : / ? # %`) is escaped in user and password, as %40 for @.
        """
        said = _ADDRESS.fullmatch(url)
        if said is None or int(said["port"] or 1) not in range(1, 65_536):
            raise ValueError(SHAPE)
        if said["scheme"] == "smtps" and said["starttls"]:
            raise ValueError(f"{SHAPE}; smtps is encrypted at once and knows no starttls")
        encryption = Encryption.AT_ONCE if said["scheme"] == "smtps" else _STARTTLS[said["starttls"]]
        user, password = _unescaped(said["user"]), _unescaped(said["password"])
        standard = 465 if encryption is Encryption.AT_ONCE else 587 if user else 25
        server = cls(said["six"] or said["host"], int(said["port"] or standard), encryption, user, password)
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


def _unescaped(text: str | None) -> str | None:
    if text is None:
        return None
    return _ESCAPED.sub(lambda match: bytes([int(match[1], 16)]), text.encode()).decode(errors="replace")
