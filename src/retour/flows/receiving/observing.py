"""Goods that fit no open return line are seen, kept and shown to a person: never refused, never counted."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from retour.core.errors import Refused
from retour.core.event import EventType
from retour.store import discrepancy, dock
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.discrepancy import Owner
from retour.store.rma import ReturnRecord


class Seen(StrEnum):
    """Why goods could not be received on a line."""

    SURPLUS = "surplus"  # more of a line than was announced
    NOT_EXPECTED = "not_expected"  # of a line that nobody approved, or that is over
    NOT_ON_IT = "not_on_it"  # something that the return does not name
    UNANNOUNCED = "unannounced"  # a parcel without a return
    MISCOUNTED = "miscounted"  # a receipt says that something is here, and it is not


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody saw: how many units of what, with the code that was scanned and a note, if there is one."""

    kind: Seen
    units: int
    line_id: UUID | None = None
    code: str | None = None
    note: str | None = None
    location_ref: str | None = None


MOST_UNITS: Final = 10_000
_DISCREPANCY: Final = {
    Seen.SURPLUS: ("surplus_received", Owner.WAREHOUSE, "find out where the extra units belong"),
    Seen.NOT_EXPECTED: ("goods_not_expected", Owner.AGENT, "decide what happens to goods that nobody approved"),
    Seen.NOT_ON_IT: ("goods_not_on_return", Owner.AGENT, "find out whose goods these are and tell the shopper"),
    Seen.UNANNOUNCED: ("goods_unannounced", Owner.AGENT, "find the order or the sender of the parcel"),
    Seen.MISCOUNTED: ("receipt_miscounted", Owner.WAREHOUSE, "count the parcel again before it is inspected"),
}


async def observe(db: Db, *, record: ReturnRecord, sight: Sight, actor: str, now: datetime) -> UUID:
    """Keep what was seen on a locked return, open or update its discrepancy, and return the observation's id.

    Raises Refused: `quantity_not_positive`, `return_line_not_found`.
    """
    if not 1 <= sight.units <= MOST_UNITS:
        raise Refused("quantity_not_positive", "between 1 and 10,000 units", field="quantity")
    if sight.line_id is not None and all(line.id != sight.line_id for line in record.rma.lines):
        raise Refused("return_line_not_found", "the return has no such line", field="line")
    observation_id = await _keep(db, sight, store_id=record.store_id, rma_id=record.rma.id, actor=actor, now=now)
    await reckon(db, record=record, kind=sight.kind, actor=actor, now=now)
    facts: dict[str, object] = {"kind": sight.kind.value, "units": sight.units, "line": sight.line_id}
    await returns.changed(db, record, EventType.RETURN_OBSERVED, actor=actor, at=now, data=facts)
    return observation_id


async def observe_unannounced(db: Db, *, store_id: UUID, sight: Sight, actor: str, now: datetime) -> UUID:
    """Keep a parcel that no return announced, each as a discrepancy of its own, and return the observation's id.

    Raises Refused: `quantity_not_positive`.
    """
    if not 1 <= sight.units <= MOST_UNITS:
        raise Refused("quantity_not_positive", "between 1 and 10,000 units", field="quantity")
    observation_id = await _keep(db, sight, store_id=store_id, rma_id=None, actor=actor, now=now)
    name, owner, next_step = _DISCREPANCY[Seen.UNANNOUNCED]
    await discrepancy.open_(
        db, name, resource_kind="observation", resource_id=observation_id, owner=owner, next_step=next_step, at=now,
        details={"units": sight.units, "code": sight.code}, store_id=store_id, actor=actor,
    )  # fmt: skip
    return observation_id


async def take_back(db: Db, *, observation_id: UUID, actor: str, now: datetime) -> None:
    """Take an observation back: it moved nothing, so nothing else moves.

    Raises Refused: `observation_not_found`, `state_changed` if it was taken back before.
    """
    gone = await dock.withdraw(db, observation_id, by=actor, at=now)
    if gone is None:
        raise Refused("state_changed", "that was taken back already")
    if gone["rma_id"] is None:
        name = _DISCREPANCY[Seen.UNANNOUNCED][0]
        await discrepancy.resolve(db, name, resource_kind="observation", resource_id=observation_id, by=actor, at=now)
        return
    record = await returns.load(db, gone["rma_id"])
    assert record is not None
    await reckon(db, record=record, kind=Seen(gone["kind"]), actor=actor, now=now)
    facts: dict[str, object] = {"kind": gone["kind"], "units": gone["units"], "taken_back": True}
    await returns.changed(db, record, EventType.RETURN_OBSERVED, actor=actor, at=now, data=facts)


async def reckon(db: Db, *, record: ReturnRecord, kind: Seen, actor: str, now: datetime) -> None:
    """Bring the discrepancy of a kind in line with what was seen and stands; with nothing left it is resolved."""
    name, owner, next_step = _DISCREPANCY[kind]
    units = await dock.standing(db, rma_id=record.rma.id, kind=kind.value)
    if not units:
        await discrepancy.resolve(db, name, resource_kind="return", resource_id=record.rma.id, by=actor, at=now)
        return
    await discrepancy.open_(
        db, name, resource_kind="return", resource_id=record.rma.id, owner=owner, next_step=next_step, at=now,
        details={"units": units}, store_id=record.store_id, actor=actor,
    )  # fmt: skip


async def _keep(db: Db, sight: Sight, *, store_id: UUID, rma_id: UUID | None, actor: str, now: datetime) -> UUID:
    return await dock.observe(
        db, store_id=store_id, rma_id=rma_id, line_id=sight.line_id, kind=sight.kind.value, units=sight.units,
        code=sight.code, note=sight.note, location_ref=sight.location_ref, actor=actor, at=now,
    )  # fmt: skip
