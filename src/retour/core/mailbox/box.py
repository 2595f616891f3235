"""A mailbox as a merchant describes it: where it is, who reads it, and which folder."""

import base64
import re
from dataclasses import dataclass
from typing import Final, Self

from retour.core.errors import Refused
from retour.core.mail_server import Encryption

PORTS: Final = {Encryption.AT_ONCE: 993, Encryption.ALWAYS: 143, Encryption.NEVER: 143}
LONGEST: Final = 200  # characters of a user, a password or a folder
_HOST: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?|[0-9A-Fa-f:]{2,39}")
_ADDRESS: Final = re.compile(r"[^\s<>:;,\"()]{1,64}@[^\s<>:;,\"()@]{1,190}")


@dataclass(frozen=True, slots=True)
class Box:
    """One folder of one mailbox; `address` is what shoppers write to, if the user's name is no address."""

    host: str
    port: int
    encryption: Encryption
    user: str
    folder: str = "INBOX"
    address: str = ""

    @classmethod
    def of(cls, settings: dict[str, str]) -> Self:
        """Return the mailbox that was kept as `kept` gives it."""
        return cls(
            settings["host"], int(settings["port"]), Encryption(settings["encryption"]), settings["user"],
            settings["folder"], settings.get("address", ""),
        )  # fmt: skip

    @property
    def kept(self) -> dict[str, str]:
        """Return the mailbox as settings of its connection; no secret is in it."""
        return {
            "host": self.host, "port": str(self.port), "encryption": self.encryption.value, "user": self.user,
            "folder": self.folder, "address": self.address,
        }  # fmt: skip

    @property
    def url(self) -> str:
        """Return where it is, as people read it."""
        scheme = "imaps" if self.encryption is Encryption.AT_ONCE else "imap"
        return f"{scheme}://{self.host}:{self.port}"

    @property
    def own_address(self) -> str:
        """Return the address that shoppers write to, or nothing where nobody said."""
        return self.address or (self.user if _ADDRESS.fullmatch(self.user) else "")


def check_box(box: Box, password: str, *, allow_plain: bool) -> None:
    """Raise Refused (invalid_host, invalid_port, invalid_encryption, invalid_user, invalid_mailbox_password,
    invalid_folder, invalid_email) with the field that is wrong.

    `allow_plain` also allows a mailbox without encryption, for development. Where the name leads is checked when the
    mailbox is read, not here.
    """
    if _HOST.fullmatch(box.host) is None:
        raise Refused("invalid_host", "expected the name of a mail server, such as imap.example.com", field="host")
    if not 1 <= box.port <= 65_535:
        raise Refused("invalid_port", "a port is a number from 1 to 65535", field="port")
    if box.encryption not in PORTS or (box.encryption is Encryption.NEVER and not allow_plain):
        raise Refused("invalid_encryption", "a password travels encrypted: at_once or always", field="encryption")
    for code, field, text in (
        ("invalid_user", "user", box.user),
        ("invalid_mailbox_password", "password", password),
        ("invalid_folder", "folder", box.folder),
    ):
        if not 1 <= len(text) <= LONGEST or any(ord(c) < 32 or ord(c) == 127 for c in text):
            raise Refused(code, f"1 to {LONGEST} characters on one line", field=field)
    if box.address and _ADDRESS.fullmatch(box.address) is None:
        raise Refused("invalid_email", "expected an e-mail address", field="address")


def on_the_wire(folder: str) -> str:
    """Return the name of a folder in the modified UTF-7 of IMAP (RFC 3501, section 5.1.3)."""
    parts = re.findall(r"[\x20-\x7e]+|[^\x20-\x7e]+", folder)
    return "".join(part.replace("&", "&-") if part.isascii() else _shifted(part) for part in parts)


def _shifted(part: str) -> str:
    coded = base64.b64encode(part.encode("utf-16-be")).decode("ascii")
    return "&" + coded.rstrip("=").replace("/", ",") + "-"
