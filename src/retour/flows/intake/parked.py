"""What waits for a person: they choose the order and the units, or say that nothing comes of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.channel import Channel
from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.intake import Wanted, match_items
from retour.core.rma.moves import UNDECIDED
from retour.flows.intake.following import follow
from retour.flows.intake.hands import Hands
from retour.flows.intake.taking import open_as, tell, units_left
from retour.flows.intake.told import Outcome, Taken
from retour.store import discrepancy, dock
from retour.store import intake as intakes
from retour.store import order as orders
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.intake import Intake, photos
from retour.store.vault import Vault

REASON_MOST: Final = 2_000  # characters
UNANNOUNCED: Final = "goods_unannounced"


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person decided: the order, and the units if they are not as the document says; `beyond` the policy why."""

    order_id: UUID
    lines: Sequence[Wanted] = ()
    beyond: str | None = None


async def choose(
    db: Db, vault: Vault, *, intake_id: UUID, choice: Choice, hands: Hands, actor: str, now: datetime
) -> Taken:
    """Open the return of an intake on the order that a person chose, under the policy like any other.

    Raises Refused: `intake_not_found`, `already_decided`, `order_not_found`, `items_not_clear` when the document's
    items are no lines of that order and no units were chosen, and whatever opening a return refuses.
    """
    waiting = await still_waiting(db, intake_id)
    found = await orders.load(db, choice.order_id)
    if found is None or found.store_id != waiting.store_id:
        raise Refused("order_not_found", "there is no such order", field="order_id")
    kept = await intakes.document(db, vault, intake_id)
    assert kept is not None, "what waits is readable"
    lines = tuple(choice.lines)
    if not lines:
        left = await units_left(db, found.id, found.order)
        lines, unmatched = match_items(kept.document.items, found.order, left)
        if unmatched or not lines:
            raise Refused("items_not_clear", "say which units of the order come back", field="lines")
    rma_id, number = await open_as(
        db, vault, intake_id=intake_id, order_id=found.id, store_id=found.store_id, lines=lines, document=kept.document,
        channel=waiting.channel, hands=hands, actor=actor, now=now, beyond=choice.beyond,
    )  # fmt: skip
    if waiting.channel == Channel.WAREHOUSE:
        await _received(db, waiting, rma_id, hands, actor, now)
    for picture in await photos.take(db, vault, intake_id):
        await hands.show(
            db, vault, tenant_id=picture.tenant_id, rma_id=rma_id, content=picture.content, width=picture.width,
            height=picture.height, actor=actor, now=now,
        )  # fmt: skip
    # The person decided that it is a return; where it stands elsewhere is followed, but no decision of others.
    refused = await follow(
        db, rma_id=rma_id, document=kept.document, decides=False, chosen=True, actor=actor, hands=hands, now=now
    )
    return Taken(intake_id, Outcome.OPENED, rma_id, number, ", ".join(refused) or None)


async def _received(db: Db, waiting: Intake, rma_id: UUID, hands: Hands, actor: str, now: datetime) -> None:
    """Let a parcel that is here already be the receipt of the return that was opened for it."""
    record = await returns.lock(db, rma_id)
    assert record is not None, "it was just opened"
    if any(line.decision in UNDECIDED for line in record.rma.lines):
        await hands.approve(db, rma_id=rma_id, actor=actor, now=now)
    await hands.receive(db, rma_id=rma_id, location_ref=None, actor=actor, now=now)
    await settled(db, waiting, actor, now)


async def settled(db: Db, waiting: Intake, actor: str, now: datetime) -> None:
    """Take back the observation that a parcel without a return is here, with its discrepancy."""
    observation_id = UUID(waiting.external_id)
    await dock.withdraw(db, observation_id, by=actor, at=now)
    await discrepancy.resolve(
        db, UNANNOUNCED, resource_kind="observation", resource_id=observation_id, by=actor, at=now
    )


async def dismiss(db: Db, *, intake_id: UUID, reason: str, actor: str, now: datetime) -> None:
    """Say that nothing comes of an intake, and why; raise Refused(intake_not_found, already_decided, reason_missing)."""
    waiting = await still_waiting(db, intake_id)
    if not 1 <= len(reason.strip()) <= REASON_MOST:
        raise Refused("reason_missing", "say why nothing comes of it", field="reason")
    await intakes.dismiss(db, intake_id, reason=reason.strip(), by=actor, at=now)
    await photos.drop(db, intake_id)
    if waiting.channel == Channel.WAREHOUSE:
        await settled(db, waiting, actor, now)
    await tell(db, EventType.INTAKE_DISMISSED, intake_id, waiting.store_id, actor, now, {"why": waiting.why})


async def still_waiting(db: Db, intake_id: UUID) -> Intake:
    """Return an intake that is not decided, locked; raise Refused(intake_not_found, already_decided)."""
    found = await intakes.lock(db, intake_id)
    if found is None:
        raise Refused("intake_not_found", "there is no such intake")
    if found.state != "waiting":
        raise Refused("already_decided", f"it is {found.state} already", facts={"state": found.state})
    return found
