"""A parcel that nobody announced: kept by the dock as what it is, and waiting here for whose return it is."""

from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.channel import Channel
from retour.core.event import EventType
from retour.flows.intake.hands import Hands
from retour.flows.intake.taking import Source, tell
from retour.flows.intake.texts import take_text
from retour.flows.intake.told import Taken
from retour.store import intake as intakes
from retour.store.db import Db
from retour.store.vault import Vault

SOURCE: Final = "dock"  # the ids are those of observations
TAKEN_BACK: Final = "Taken back at the dock."


async def park_parcel(
    db: Db, vault: Vault, *, tenant_id: UUID, store_id: UUID, observation_id: UUID, code: str | None, note: str | None,
    hands: Hands, actor: str, now: datetime,
) -> Taken:  # fmt: skip
    """Let a parcel wait for its return, with the orders that its code and what was written about it point to."""
    source = Source(tenant_id, store_id, SOURCE, Channel.WAREHOUSE, actor)
    return await take_text(
        db, vault, source, text=note or code or "-", reference=str(observation_id), at=now, code=code, hands=hands,
        now=now,
    )  # fmt: skip


async def parcel_taken_back(db: Db, *, observation_id: UUID, actor: str, now: datetime) -> None:
    """Let a parcel wait no longer that was noted by mistake; one that became a return stays it."""
    found = await intakes.find(db, source=SOURCE, external_id=str(observation_id))
    if found is not None and await intakes.dismiss(db, found.id, reason=TAKEN_BACK, by=actor, at=now):
        await tell(db, EventType.INTAKE_DISMISSED, found.id, found.store_id, actor, now, {"why": found.why})
