"""Changing where the shopper of a return is: labels name the new sender, and what is sent to them goes there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.label import is_mailed, outdated
from retour.core.postal import PostalAddress, check_postal, tidied
from retour.core.rma.address import check_moving
from retour.flows.rma.locking import locked
from retour.store import exchange_order as exchange_orders
from retour.store import label as labels
from retour.store import order as orders
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.rma import ReturnRecord
from retour.store.rma import address as addresses
from retour.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Moved:
    """Where the shopper is now, how many labels are made anew, and whether a new order keeps the address before."""

    address: PostalAddress
    labels: int
    order_keeps: bool
    record: ReturnRecord


async def change_address(
    db: Db,
    vault: Vault,
    *,
    rma_id: UUID,
    address: PostalAddress,
    actor: str,
    now: datetime,
    expect_version: int | None = None,
    order_id: UUID | None = None,
) -> Moved:
    """Let a return have an address of its own while nobody has the goods; `order_id` is what a shopper has proven.

    Labels that are made, or failed, are made anew by their job; the shopper is mailed the new ones. An order that is
    drafted already keeps its address. The same address again changes nothing and tells nobody.

    Raises Refused: `return_not_found`, `state_changed`, `already_decided`, `handed_over`, `invalid_address` with the
    part of it, `person_erased`.
    """
    record = await locked(db, rma_id, expect_version, order_id=order_id)
    check_moving(record.rma, version=record.version)
    to = tidied(address)
    check_postal(to)
    keeps = await order_keeps(db, rma_id)
    if to == await address_of(db, vault, record):
        return Moved(to, 0, keeps, record)
    if not await addresses.keep(db, vault, rma_id, to):
        raise Refused("person_erased", "the shopper was erased, so no address is kept")
    anew, done = await moved(db, record, order_keeps=keeps, actor=actor, now=now)
    return Moved(to, len(anew), keeps, done)


async def moved(
    db: Db, record: ReturnRecord, *, order_keeps: bool, actor: str, now: datetime
) -> tuple[Sequence[UUID], ReturnRecord]:
    """Let labels name the address that a return has now, and tell of it; return the labels that are made anew."""
    anew = await labels.make_anew(db, [label.id for label in outdated(record.rma)], at=now)
    facts: dict[str, object] = {"labels": anew, "label_mailed": is_mailed(record.rma), "order_keeps": order_keeps}
    return anew, await returns.changed(db, record, EventType.RETURN_MOVED, actor=actor, at=now, data=facts)


async def order_keeps(db: Db, rma_id: UUID) -> bool:
    """Return whether the new order of an exchange is drafted already, so that it keeps the address before."""
    return any(order.is_drafted for order in await exchange_orders.list_of_rma(db, rma_id))


async def address_of(db: Db, vault: Vault, record: ReturnRecord) -> PostalAddress | None:
    """Return where the shopper of a return is, as far as it is known: its own address, else where the order was sent.

    The order's address is the giver's: of a gift only what its receiver said is known.
    """
    own = await addresses.of_return(db, vault, record.rma.id)
    if own is not None or record.rma.gift:
        return own
    return await orders.ship_to(db, vault, record.order_id)
