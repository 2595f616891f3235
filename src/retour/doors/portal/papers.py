"""What the shopper prints or shows for each parcel of a return, and the parcels that are known."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from retour.core.label import DROP_OFF, is_waived, standing
from retour.core.rma.label import LabelState
from retour.core.rma.state import IN_STORE
from retour.core.shipping import carrier_name, tracking_url
from retour.doors.portal.desk import Here
from retour.store import label as labels
from retour.store import return_address as addresses
from retour.store import rma as rmas
from retour.store.db import Record
from retour.store.refund import SettlementRow
from retour.store.views import ShipmentView
from retour.web.labels import mailed
from retour.web.postal import postal_lines


@dataclass(frozen=True, slots=True)
class Paper:
    """What one parcel needs: the address of its label or code, and of its packing slip; `shown` is a code to show."""

    parcel: int
    outside: str
    slip: str
    shown: bool


@dataclass(frozen=True, slots=True)
class Papers:
    """What the shopper has for the parcels of a return."""

    of: tuple[Paper, ...] = ()
    is_pending: bool = False  # the shop has still to make one
    own_carrier: bool = True  # the shopper chooses a carrier


async def papers_of(here: Here, rma_id: UUID, *, base: str) -> Papers:
    """Return what the shopper may print or show for a return that is to be sent."""
    record = await rmas.load(here.db, rma_id)
    assert record is not None, "a return that was just read"
    ret = record.rma
    current = standing(ret)
    made = {b.parcel: b for b in current if b.state is LabelState.MADE}
    found = await labels.contents(here.db, here.desk.vault, rma_id, only=[b.id for b in made.values()])
    papers = []
    for content in found:
        outside, slip = (f"{base}/papers/{content.parcel}-{kind.value}" for kind in mailed(content))
        papers.append(Paper(content.parcel, outside, slip, made[content.parcel].method == DROP_OFF))
    pending = any(b.state in (LabelState.DUE, LabelState.FAILED) for b in current)
    return Papers(tuple(papers), pending, own_carrier=is_waived(ret) or not current)


def told(parcels: Sequence[ShipmentView]) -> list[tuple[str, str, str | None]]:
    """Return (carrier, number, where it can be followed) of each parcel."""
    return [
        (carrier_name(p.carrier), p.tracking_number, tracking_url(p.carrier, p.tracking_number)) for p in parcels
    ]  # fmt: skip


async def counter_of(here: Here, row: Record) -> Sequence[str]:
    """Return the address of the counter, line by line; nothing for a return that travels or a store that names none."""
    if row["method"] != IN_STORE:
        return ()
    record = await rmas.load(here.db, row["id"])
    assert record is not None, "a return that was just read"
    to = next((line.destination for line in record.rma.lines if line.method == IN_STORE), None)
    found = await addresses.find(here.db, here.store_id, to)
    return postal_lines(found.address, here.reader) if found else ()


def sent_to(settlements: Sequence[SettlementRow]) -> list[tuple[str, str, str | None]]:
    """Return (carrier, number, where it can be followed) of what is on its way to the shopper after a repair."""
    return [
        (carrier_name(s.sent_carrier), s.sent_number, tracking_url(s.sent_carrier, s.sent_number))
        for s in settlements
        if s.sent_carrier and s.sent_number
    ]
