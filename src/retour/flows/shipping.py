"""Parcels on their way back: announced by somebody, followed by the carrier's signed events."""

from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.rma import Decision, ShipmentStatus
from retour.core.shipping import MOST_PARCELS, TrackingEvent, carrier_code, return_number
from retour.core.shipping import tracking_number as number_of
from retour.store import receiving
from retour.store import rma as returns
from retour.store.db import Db

# What a carrier says only of a parcel that it has, or had.
_SCANNED: Final = frozenset({ShipmentStatus.IN_TRANSIT, ShipmentStatus.DELIVERED, ShipmentStatus.LOST})
# On the last stretch of its way a parcel is on its way.
_ALSO: Final = {"out_for_delivery": ShipmentStatus.IN_TRANSIT}


async def add_shipment(db: Db, *, rma_id: UUID, carrier: str, tracking_number: str, actor: str, now: datetime) -> UUID:
    """Announce a parcel and return its id; carrier and number are kept as they are compared.

    Raises Refused: `return_not_found`, `not_approved`, `invalid_carrier`, `invalid_tracking_number`, `already_exists`,
    `too_many_parcels`.
    """
    carrier, tracking_number = carrier_code(carrier), number_of(tracking_number)
    record = await returns.lock(db, rma_id)
    if record is None:
        raise Refused("return_not_found", "there is no such return")
    if not any(line.decision is Decision.APPROVED for line in record.rma.lines):
        raise Refused("not_approved", f"the return is {record.rma.status.value}")
    if len(record.rma.shipments) >= MOST_PARCELS:
        raise Refused("too_many_parcels", f"a return announces at most {MOST_PARCELS} parcels")
    shipment_id = await receiving.add_shipment(
        db, rma_id=rma_id, carrier=carrier, tracking_number=tracking_number, at=now
    )
    if shipment_id is None:
        raise Refused("already_exists", "that tracking number is known already", field="tracking_number")
    facts: dict[str, object] = {"shipment_id": shipment_id, "carrier": carrier, "status": "label_created"}
    await returns.changed(db, record, EventType.RETURN_PARCEL_UPDATED, actor=actor, at=now, data=facts)
    return shipment_id


async def track(db: Db, *, said: TrackingEvent, now: datetime) -> bool:
    """Follow a carrier's event and return whether it was news; an older event moves nothing backwards.

    A parcel that nobody announced, but whose label names an approved return, is announced by its first event.
    Raises Refused(tracking_number_not_found) for any other, and Refused: `unknown_tracking_status`, `invalid_carrier`,
    `invalid_tracking_number`.
    """
    try:
        status = _ALSO.get(said.status) or ShipmentStatus(said.status)
    except ValueError:
        raise Refused("unknown_tracking_status", f"{said.status[:40]!r} is no status of a parcel") from None
    # A scan is never of a later time than now: taken at its word it would outdate all that are still to come.
    said = replace(
        said, carrier=carrier_code(said.carrier), tracking_number=number_of(said.tracking_number),
        occurred_at=min(said.occurred_at, now),
    )  # fmt: skip
    known = await receiving.find_shipment(db, carrier=said.carrier, tracking_number=said.tracking_number)
    if known is None:
        await _announce(db, said, now)
        known = await receiving.find_shipment(db, carrier=said.carrier, tracking_number=said.tracking_number)
        assert known is not None
    record = await returns.lock(db, known["rma_id"])
    assert record is not None
    if not await receiving.move_shipment(db, known["id"], to=status, at=said.occurred_at):
        return False
    first_scan = status in _SCANNED and record.rma.in_transit_at is None
    await returns.mark_times(
        db,
        record.rma.id,
        in_transit_at=said.occurred_at if first_scan else None,
        delivered_at=said.occurred_at if status is ShipmentStatus.DELIVERED else None,
    )
    what = EventType.RETURN_PARCEL_UPDATED
    if status is ShipmentStatus.DELIVERED:
        what = EventType.RETURN_DELIVERED
    elif first_scan:
        what = EventType.RETURN_IN_TRANSIT
    facts: dict[str, object] = {"shipment_id": known["id"], "carrier": said.carrier, "status": status.value}
    await returns.changed(db, record, what, actor=f"carrier:{said.carrier}", at=now, data=facts)
    return True


async def _announce(db: Db, said: TrackingEvent, now: datetime) -> None:
    """Announce the parcel for the return that its label names; raise Refused(tracking_number_not_found) if none fits."""
    number = return_number(said.reference)
    rma_id = await returns.find_going_on(db, number) if number is not None else None
    if rma_id is None:
        raise Refused("tracking_number_not_found", "no return has that parcel")
    try:
        await add_shipment(
            db, rma_id=rma_id, carrier=said.carrier, tracking_number=said.tracking_number,
            actor=f"carrier:{said.carrier}", now=now,
        )  # fmt: skip
    except Refused as refused:
        if refused.code != "already_exists":  # two events at once: the other one has announced it
            raise Refused("tracking_number_not_found", f"the return cannot take a parcel: {refused.message}") from None
