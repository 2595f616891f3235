"""Differences between two systems that a person has looked at and found settled."""

from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.errors import Refused
from retour.store import discrepancy
from retour.store.db import Db

# These end by the act that settles them: paying, looking again, trying again.
ENDED_BY_AN_ACT: Final = frozenset({"platform_disagrees", "effect_failed", "effect_unknown", "payout_overdue"})


async def resolve(db: Db, *, discrepancy_id: UUID, actor: str, now: datetime) -> None:
    """Record that a person has settled a difference.

    Raises Refused: `discrepancy_not_found`, `already_decided`, `move_not_allowed` for one that an act of its own ends.
    """
    found = await discrepancy.get(db, discrepancy_id)
    if found is None:
        raise Refused("discrepancy_not_found", "there is no such difference")
    kind, state = found
    if kind in ENDED_BY_AN_ACT and state == "open":
        raise Refused("move_not_allowed", "it ends by the act that settles it")
    if not await discrepancy.resolve_one(db, discrepancy_id, by=actor, at=now):
        raise Refused("already_decided", "somebody has settled it already")
