"""House labels: which parcels of a return need one, and what is printed on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from uuid import UUID

from retour.core.order import Order
from retour.core.postal import PostalAddress
from retour.core.rma import Decision, Return, ReturnLine, minus
from retour.core.rma.charging import awaits_fee
from retour.core.rma.label import LabelState, LabelView

# Ways back for which the shop gives something to print or to show.
DROP_OFF: Final = "drop_off"
LABELLED: Final = frozenset({"label", DROP_OFF})
INSTRUCTIONS_MOST: Final = 400  # characters in one language
# Where labels are printed on rolls of 4 by 6 inches; everywhere else on A6.
_INCHES: Final = frozenset({"US", "CA", "MX"})
_SENT: Final = frozenset({Decision.APPROVED, Decision.RESOLVED})


class LabelProblem(StrEnum):
    """Why a label cannot be made."""

    RETURN_ADDRESS_MISSING = "return_address_missing"  # the store has no address for that destination
    SENDER_MISSING = "sender_missing"  # nobody told where the order was sent
    SENDER_UNUSABLE = "sender_unusable"  # a part of that address is missing


NO_SENDER: Final = frozenset({LabelProblem.SENDER_MISSING.value, LabelProblem.SENDER_UNUSABLE.value})


@dataclass(frozen=True, slots=True)
class Parcel:
    """Lines of a return that go one way to one place; no destination is the store's own."""

    method: str
    destination: str | None
    line_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class LabelItem:
    """What is in a parcel, as the packing slip names it."""

    title: str
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class LabelContent:
    """All that is printed for one parcel, `parcel` of `parcels`; instructions by language."""

    number: int
    parcel: int
    parcels: int
    sender: PostalAddress
    to: PostalAddress
    order_name: str
    items: tuple[LabelItem, ...]
    instructions: Mapping[str, str] = field(default_factory=dict)
    shown: bool = False  # a code to show where the parcel is handed over, rather than a label to print

    @property
    def code(self) -> str:
        """Return what the barcodes say: the number of the return."""
        return f"R-{self.number}"

    @property
    def inches(self) -> bool:
        """Return whether the label is printed on 4 by 6 inches rather than on A6."""
        return self.sender.country in _INCHES

    def said(self, language: str) -> str:
        """Return the store's instructions in that language, else in the first it has."""
        return self.instructions.get(language) or next(iter(self.instructions.values()), "")


def parcels(ret: Return) -> tuple[Parcel, ...]:
    """Return the parcels of which the shopper still has to send something, and for which a label exists or is due."""
    found: dict[tuple[str, str | None], list[UUID]] = {}
    for line in ret.lines:
        if line.decision is Decision.APPROVED and _goes(line) and minus(line.claimed, line.received):
            found.setdefault((line.method or "", line.destination), []).append(line.id)
    return tuple(Parcel(method, to, tuple(ids)) for (method, to), ids in found.items())


def unlabelled(ret: Return) -> tuple[Parcel, ...]:
    """Return the parcels, or the part of them, that no label was planned for; a line that changed its way needs another."""
    if ret.in_transit_at is not None or ret.received_at is not None or awaits_fee(ret):
        return ()
    known = {(line_id, b.method, b.destination) for b in ret.labels for line_id in b.line_ids}
    lacking = (
        Parcel(p.method, p.destination, tuple(i for i in p.line_ids if (i, p.method, p.destination) not in known))
        for p in parcels(ret)
    )
    return tuple(p for p in lacking if p.line_ids)


def standing(ret: Return) -> tuple[LabelView, ...]:
    """Return the labels under which at least one line of the return still goes, or went."""
    return tuple(label for label in ret.labels if _carries(ret, label))


def outdated(ret: Return) -> tuple[LabelView, ...]:
    """Return the labels that name the sender there was, or failed for want of one, once the shopper's address changes."""
    return tuple(label for label in standing(ret) if label.state in (LabelState.MADE, LabelState.FAILED))


def is_mailed(ret: Return) -> bool:
    """Return whether the shopper was told of a label: one is made, and none that the mail waited for is lacking."""
    states = {label.state for label in standing(ret)}
    return LabelState.MADE in states and not states & {LabelState.DUE, LabelState.FAILED}


def content(
    ret: Return,
    order: Order,
    label: LabelView,
    *,
    sender: PostalAddress | None,
    to: PostalAddress | None,
    instructions: Mapping[str, str],
) -> LabelContent | LabelProblem:
    """Return what is printed on a label, or why it cannot be made."""
    if to is None:
        return LabelProblem.RETURN_ADDRESS_MISSING
    if sender is None:
        return LabelProblem.SENDER_MISSING
    if not sender.usable:
        return LabelProblem.SENDER_UNUSABLE
    return LabelContent(
        number=ret.number,
        parcel=label.parcel,
        parcels=max(label.parcel, len(standing(ret))),
        sender=sender,
        to=to,
        order_name=order.name,
        items=tuple(_items(ret.lines, order, label)),
        instructions={language: text for language, text in instructions.items() if text},
        shown=label.method == DROP_OFF,
    )


def _items(lines: Sequence[ReturnLine], order: Order, label: LabelView) -> list[LabelItem]:
    found = []
    for line in lines:
        if line.id in label.line_ids and line.quantity:
            sold = order.line(line.line_ref)
            title, sku = (sold.title, sold.sku or "") if sold else (line.line_ref, "")
            found.append(LabelItem(title, sku, line.quantity))
    return found


def _goes(line: ReturnLine) -> bool:
    return not line.kept and line.method in LABELLED


def _carries(ret: Return, label: LabelView) -> bool:
    return any(
        line.id in label.line_ids
        and line.decision in _SENT
        and _goes(line)
        and (line.method, line.destination) == (label.method, label.destination)
        for line in ret.lines
    )


def lacks_sender(ret: Return) -> bool:
    """Return whether a label failed because nobody said where the shopper is."""
    return any(label.state is LabelState.FAILED and label.problem in NO_SENDER for label in standing(ret))


def is_waived(ret: Return) -> bool:
    """Return whether a person decided that the shopper sends the goods without a label."""
    labels = standing(ret)
    return bool(labels) and all(label.state is LabelState.WAIVED for label in labels)
