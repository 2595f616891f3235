"""What a provider of card payments tells: a hint that a page or an authorisation has moved; it is looked at then."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.store import card_hold as rows
from retour.store.db import Db
from retour.store.webhook import Entry

TOPIC: Final = "card.told"


@dataclass(frozen=True, slots=True)
class CardTold:
    """What became of a message; it holds no words of a person."""

    outcome: str
    problem: str | None = None
    intake_id: UUID | None = None
    person_id: UUID | None = None


async def told_of_card(db: Db, entry: Entry, *, now: datetime) -> CardTold:
    """Let the hold be looked at that a message names; what names none of ours is about something else."""
    try:
        hold_id = UUID(entry.facts.get("hold", ""))
    except ValueError:
        return CardTold("nothing_to_do")
    hold = await rows.get(db, hold_id)
    if hold is None or hold.connection_id != entry.connection_id:
        return CardTold("nothing_to_do")
    woken = await rows.wake_one(db, hold_id, at=now)
    return CardTold("looked_at" if woken else "known")
