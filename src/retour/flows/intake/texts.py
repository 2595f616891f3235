"""Loose text becomes a draft for a person: what was written, what could be read, and which order it may be."""

from datetime import datetime
from typing import Final

from retour.core.intake import read_text
from retour.flows.intake.hands import Hands
from retour.flows.intake.taking import Source, take_in
from retour.flows.intake.told import Taken
from retour.store.db import Db
from retour.store.vault import Vault

AND_THEN: Final = "\n\n—\n\n"
_LONGEST: Final = 50_000  # characters of a conversation
_BEGINNING: Final = 10_000  # of them of what was written first, which names the order
_LEFT_OUT: Final = "\n[…]\n"


def joined(before: str, then: str) -> str:
    """Return a conversation with what was written last; of a very long one the middle is left out."""
    if not before or not then:
        return before or then
    left = _LONGEST - len(AND_THEN) - len(then)
    if len(before) > left:
        last = max(0, left - len(_LEFT_OUT) - _BEGINNING)
        before = before[: min(left, _BEGINNING)] + _LEFT_OUT + before[len(before) - last :]
    return before + AND_THEN + then


async def take_text(
    db: Db, vault: Vault, source: Source, *, text: str, reference: str, at: datetime, hands: Hands, now: datetime,
    sender: str | None = None, code: str | None = None,
) -> Taken:  # fmt: skip
    """Take in what somebody wrote, under the reference of its conversation; it always waits for a person.

    `sender` is the address it came from, `code` what was scanned on a parcel; a later text of the same conversation
    takes the place of the one before it.
    """
    found = read_text(text, reference=reference, at=at, sender=sender, code=code)
    return await take_in(db, vault, source, found.document, hands=hands, now=now, text=text, read=found.read)
