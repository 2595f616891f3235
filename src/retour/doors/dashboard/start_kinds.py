"""The kinds that staff may start: what each asks for beside the lines, and a withdrawal that somebody states to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final
from uuid import UUID

from retour.core.errors import Refused
from retour.core.kind import CREDIT, Kind, unsent
from retour.core.letter import mail_address
from retour.core.order import OrderLine
from retour.core.policy.outcome import ResolutionKind
from retour.core.rma import count
from retour.core.withdrawal import Statement
from retour.doors.dashboard.desk import Visit
from retour.flows import rma
from retour.flows import withdrawal as statements
from retour.store import account
from retour.store import order as orders
from retour.store.db import Db
from retour.store.ids import new_id
from retour.store.order import OrderRecord
from retour.store.refund import Position
from retour.web.forms import Form, FormErrors
from retour.web.reader import Reader

GIFT: Final = "gift"  # a return as well, asked for by whoever got the goods
CHANNEL: Final = "dashboard"
NAME_MOST: Final = 200


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


# What may be started, in the order it is shown: its name, what is asked, what follows.
KINDS: Final[Mapping[str, tuple[str, str, str]]] = {
    Kind.RETURN.value: (
        _("Return"),
        _("What is going back?"),
        _("The policy decides as it does for the shopper. Nothing is written before you confirm the amount."),
    ),
    Kind.CLAIM.value: (
        _("Claim"),
        _("Which items have a problem?"),
        _("Damaged, wrong, missing or never arrived. What never arrived is not waited for."),
    ),
    Kind.CANCELLATION.value: (
        _("Cancellation"),
        _("What shall not be sent?"),
        _("Only units that were not sent yet. Nothing comes back."),
    ),
    GIFT: (
        _("Gift"),
        _("What is going back?"),
        _("For whoever got it, for credit alone. The giver is told nothing."),
    ),
    Kind.WITHDRAWAL.value: (
        _("Withdrawal"),
        _("What is withdrawn from?"),
        _(
            "You keep the statement for the shopper as it was made to you. It is acknowledged by mail and approved by law."
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Receiver:
    """Whoever got a gift, as staff typed them."""

    email: str
    name: str | None


def kind_of(sent: Form, query: Mapping[str, str]) -> str:
    """Return what is being started: as the form says, else as the address does; a return where neither names a kind."""
    said = sent.text("kind") or query.get("kind", "")
    return said if said in KINDS else Kind.RETURN.value


def rma_kind(kind: str) -> str:
    """Return the kind as returns know it: a gift is a return."""
    return Kind.RETURN.value if kind == GIFT else kind


def left_of(kind: str, line: OrderLine, at: Position, returnable: int) -> int:
    """Return how many units of a line can be chosen; of a cancellation those that were never sent."""
    if kind != Kind.CANCELLATION:
        return returnable
    counter = at.counter(line.ref)
    if counter is None:
        return 0
    return count(unsent(counter.ordered, counter.fulfilled, counter.cancelled, at.claimed(line.ref)))


def can_start(order_lines: Sequence[OrderLine], at: Position, returnable: Mapping[str, int]) -> bool:
    """Return whether anything can be started on an order."""
    return any(
        returnable.get(line.ref, 0) or left_of(Kind.CANCELLATION.value, line, at, 0) for line in order_lines
    )  # fmt: skip


def offered(kind: str, offers: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return what the shopper may get: of a gift credit alone, of a cancellation nothing that needs the goods."""
    if kind == GIFT:
        return [one for one in offers if one[0].partition(":")[0] in CREDIT]
    if kind == Kind.CANCELLATION:
        without = {
            ResolutionKind.KEEP_ITEM.value,
            ResolutionKind.REPAIR.value,
            ResolutionKind.REPLACEMENT.value,
        }
        return [one for one in offers if one[0].partition(":")[0] not in without]
    return list(offers)


def receiver_of(sent: Form, errors: FormErrors, reader: Reader) -> Receiver:
    """Return who got the gift; what is wrong is said at its field."""
    email, name = sent.text("email"), sent.text("name")
    try:
        email = mail_address(email)
    except Refused:
        errors.add("email", reader.say("Enter an e-mail address such as name@example.com."))
    if len(name) > NAME_MOST:
        errors.add("name", reader.say("This is too long."))
    return Receiver(email, name or None)


async def as_gift(db: Db, seen: Visit, asking: rma.Asking, receiver: Receiver) -> rma.Asking:
    """Return the request as that of whoever got the gift, who is written down with it."""
    person_id = await orders.add_receiver(
        db, seen.desk.vault, tenant_id=seen.staff.tenant_id, store_id=asking.store_id, name=receiver.name,
        email=receiver.email,
    )  # fmt: skip
    return rma.with_receiver(asking, person_id)


async def withdraw(
    seen: Visit,
    record: OrderRecord,
    said: Statement,
    quantities: Mapping[str, int],
    *,
    id: UUID,  # noqa: A002 - the id of the statement
    reason: str | None,
) -> int:
    """Keep a statement that was made to the staff, acknowledge it and open its return; return the return's number.

    All of it in one transaction: a statement that cannot be carried out here is refused with its code, and not kept.
    """
    policies, tenant_id = seen.desk.policies, seen.staff.tenant_id

    async def work(db: Db) -> int:
        store = await account.get_store(db, record.store_id)
        assert store is not None, "an order has its store"
        place = statements.Place(tenant_id, record.store_id, store.timezone, CHANNEL, seen.staff.actor)
        language = seen.reader.language
        kept = await statements.state(db, seen.desk.vault, place, id=id, said=said, language=language, now=seen.now)
        if kept.number is not None and kept.order_id == record.id:
            return kept.number  # by the same form before
        return await statements.assign(
            db, seen.desk.vault, tenant_id=tenant_id, withdrawal_id=id, order_id=record.id, quantities=quantities,
            reason=reason, actor=seen.staff.actor, now=seen.now, policies=policies,
            open_=partial(rma.open_withdrawal, policies=policies),
        )  # fmt: skip

    return await seen.desk.database.run(tenant_id, work)


def statement_id(sent: Form) -> UUID:
    """Return the id that the form gave the statement, so that it is kept once."""
    return _id_of(sent, "id")


def rma_id_of(sent: Form) -> UUID:
    """Return the id that the form gave the return, so that it is opened once however often the form is sent."""
    return _id_of(sent, "_once")


def _id_of(sent: Form, field: str) -> UUID:
    try:
        return UUID(sent.text(field))
    except ValueError:
        return new_id()
