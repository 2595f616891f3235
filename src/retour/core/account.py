"""Accounts: the roles of staff and API keys, and the shape of an API key."""

import base64
import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

SECRET_BYTES: Final = 32
_LIVE: Final = "rtr_live_"
_ISV: Final = "rtr_isv_"
_KEY: Final = re.compile(rf"({_LIVE}|{_ISV})([a-z2-7]{{26}})_([a-z2-7]{{52}})")
_PROGRAMS: Final = ("key:", "isv:")
_EMAIL: Final = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,255}")


class Role(StrEnum):
    """What a member of the staff, or an API key, may do."""

    OWNER = "owner"
    AGENT = "agent"
    WAREHOUSE = "warehouse"


@dataclass(frozen=True, slots=True, repr=False)
class ApiKey:
    """A key as its holder has it: the id finds the row, the secret is known by its SHA-256 alone.

    A key of an account has the id of its own row, one of an integrator (`of_isv`) that of the integrator.
    """

    id: UUID
    secret: str
    of_isv: bool = False

    @property
    def text(self) -> str:
        """Return the key as it is shown once: `rtr_live_<id>_<secret>`, or `rtr_isv_…` for an integrator."""
        return f"{_ISV if self.of_isv else _LIVE}{_base32(self.id.bytes)}_{self.secret}"

    @property
    def secret_sha256(self) -> bytes:
        """Return what is stored of the secret; 256 random bits need no slow hash."""
        return hashlib.sha256(self.secret.encode()).digest()


def make_key(key_id: UUID, secret: bytes, *, of_isv: bool = False) -> ApiKey:
    """Return a key of 32 random bytes."""
    assert len(secret) == SECRET_BYTES
    return ApiKey(key_id, _base32(secret), of_isv)


def parse_key(text: str) -> ApiKey | None:
    """Return the key that a text spells, or nothing."""
    match = _KEY.fullmatch(text)
    if match is None:
        return None
    return ApiKey(UUID(bytes=base64.b32decode(match[2].upper() + "======")), match[3], match[1] == _ISV)


def is_program(actor: str) -> bool:
    """Return whether an actor of events is a program, which may not do what needs a person."""
    return actor.startswith(_PROGRAMS)


def fold_email(address: str) -> str | None:
    """Return an address as it is compared (trimmed, casefolded), or nothing if it is none."""
    trimmed = address.strip()
    return trimmed.casefold() if _EMAIL.fullmatch(trimmed) else None


def _base32(raw: bytes) -> str:
    return base64.b32encode(raw).decode().rstrip("=").lower()
