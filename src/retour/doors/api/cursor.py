"""Positions in a list, opaque to the caller."""

import base64
import binascii
from uuid import UUID

from retour.web.problem import ProblemError


def make_cursor(*parts: str | int | UUID) -> str:
    """Return a position as text; a part holds no `~`."""
    return base64.urlsafe_b64encode("~".join(str(part) for part in parts).encode()).decode().rstrip("=")


def read_cursor(text: str, *, parts: int) -> list[str]:
    """Return the parts of a position; raise ProblemError 422 invalid_cursor."""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        found = base64.b64decode(padded, altchars=b"-_", validate=True).decode().split("~")
    except (binascii.Error, ValueError):
        found = []
    if len(found) != parts:
        raise wrong_cursor()
    return found


def read_uuid(text: str) -> UUID:
    """Return a part that is an id; raise ProblemError 422 invalid_cursor."""
    try:
        return UUID(text)
    except ValueError:
        raise wrong_cursor() from None


def read_number(text: str) -> int:
    """Return a part that is a number from 0 to 2^63-1; raise ProblemError 422 invalid_cursor."""
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and int(text) < 2**63):
        raise wrong_cursor()
    return int(text)


def wrong_cursor() -> ProblemError:
    """Return the problem of a position that we did not make."""
    return ProblemError(422, "invalid_cursor", "that is not a cursor of this list", field="after")
