"""House labels: made by a job once a return is approved, tried again, or done without; the mail waits for them."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.label import LabelContent, LabelProblem, content, standing
from retour.core.postal import PostalAddress
from retour.core.rma.label import LabelState, LabelView
from retour.store import label as labels
from retour.store import order as orders
from retour.store import return_address as addresses
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.rma import ReturnRecord
from retour.store.rma import address as own_address
from retour.store.vault import Vault


async def make(db: Db, vault: Vault, *, label_id: UUID, now: datetime) -> None:
    """Make a label that is due, or write down why it cannot be made; nothing happens to one that is not due.

    The mail that tells of the approval goes once no label of the return is awaited.
    """
    rma_id = await labels.return_of(db, label_id)
    record = await returns.lock(db, rma_id) if rma_id is not None else None
    if record is None:
        return
    label = next(b for b in record.rma.labels if b.id == label_id)
    if label.state is not LabelState.DUE:
        return  # another worker was faster
    if label not in standing(record.rma):  # its lines no longer go this way: nobody needs it
        await labels.waive(db, record.rma.id, at=now, only=label.id)
        await _tell(db, record, EventType.RETURN_LABEL_WAIVED, label, actor="retour", now=now)
        return
    made = await _content(db, vault, record, label)
    if isinstance(made, LabelProblem):
        await labels.fail(db, label.id, made, at=now)
        await _tell(db, record, EventType.RETURN_LABEL_FAILED, label, actor="retour", now=now, problem=made.value)
        return
    if await labels.make(db, vault, label.id, rma_id=record.rma.id, content=made, at=now):
        await _tell(db, record, EventType.RETURN_LABEL_MADE, label, actor="retour", now=now)
        await labels.release_mail(db, record.rma.id, at=now)
        return
    await labels.waive(db, record.rma.id, at=now)  # the person was erased: nobody may be named any more


async def try_again(db: Db, *, rma_id: UUID, actor: str, now: datetime) -> ReturnRecord:
    """Make the failed labels of a return once more; raise Refused(return_not_found, no_failed_label)."""
    record = await _locked(db, rma_id)
    again = await labels.try_again(db, rma_id, at=now)
    if not again:
        raise Refused("no_failed_label", "no label of the return has failed")
    facts: dict[str, object] = {"labels": again}
    return await returns.changed(db, record, EventType.RETURN_LABEL_RETRIED, actor=actor, at=now, data=facts)


async def go_on_without(db: Db, *, rma_id: UUID, actor: str, now: datetime) -> ReturnRecord:
    """Let the shopper send the goods without the labels that failed, and tell them so.

    Raises Refused: `return_not_found`, `no_failed_label`.
    """
    record = await _locked(db, rma_id)
    if not any(label.state is LabelState.FAILED for label in record.rma.labels):
        raise Refused("no_failed_label", "no label of the return has failed")
    facts: dict[str, object] = {"labels": await labels.waive(db, rma_id, at=now)}
    done = await returns.changed(db, record, EventType.RETURN_LABEL_WAIVED, actor=actor, at=now, data=facts)
    await labels.release_mail(db, rma_id, at=now)
    return done


async def _content(db: Db, vault: Vault, record: ReturnRecord, label: LabelView) -> LabelContent | LabelProblem:
    found = await orders.load(db, record.order_id)
    assert found is not None, "a return has its order"
    to = await addresses.find(db, record.store_id, label.destination)
    sender = await own_address.of_return(db, vault, record.rma.id)
    if sender is None and record.rma.gift:
        sender = await _receiver_of(db, record, to.address if to else None)
    elif sender is None:
        sender = await orders.ship_to(db, vault, record.order_id)
    return content(
        record.rma, found.order, label, sender=sender, to=to.address if to else None, instructions=to.instructions if to else {},
    )  # fmt: skip


async def _receiver_of(db: Db, record: ReturnRecord, to: PostalAddress | None) -> PostalAddress | None:
    """Return the sender of a gift: whoever got it, at the shop's own address, as the order's is the giver's."""
    person = await orders.load_person(db, await labels.person_of(db, record.rma.id))
    return replace(to, name=(person.name if person else None) or to.name, company="") if to else None


async def _tell(
    db: Db, record: ReturnRecord, what: EventType, label: LabelView, *, actor: str, now: datetime,
    problem: str | None = None,
) -> None:  # fmt: skip
    facts: dict[str, object] = {"label_id": label.id, "parcel": label.parcel, "destination": label.destination}
    if problem:
        facts["problem"] = problem
    await returns.changed(db, record, what, actor=actor, at=now, data=facts)


async def _locked(db: Db, rma_id: UUID) -> ReturnRecord:
    record = await returns.lock(db, rma_id)
    if record is None:
        raise Refused("return_not_found", "there is no such return")
    return record
