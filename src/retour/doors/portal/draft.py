"""What the shopper has answered so far: kept with the visit, so that Back and a new proof lose nothing."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from retour.core.order import Order
from retour.core.policy.outcome import ResolutionKind
from retour.flows.rma import Wish
from retour.store.photo import PhotoView


class DraftLine(msgspec.Struct, frozen=True):
    """Some units of a line, and why once that was said."""

    quantity: int
    reason: str = ""
    note: str = ""
    answers: dict[str, str] = {}
    article: str = ""
    way: str = ""  # how this item is made right, where it is not as all the others


class Shown(msgspec.Struct, frozen=True):
    """The figures that the shopper last saw: the plan's hash and each row's amount in minor units, in one language."""

    hash: str
    language: str
    rows: dict[str, int]


class Draft(msgspec.Struct, frozen=True):
    """The draft of a return; `lines` by the line's ref, `rma_id` is the id that it will have."""

    order_id: UUID
    lines: dict[str, DraftLine] = {}
    resolution: str = ""
    method: str = ""
    kind: str = "return"
    rma_id: UUID | None = None
    shown: Shown | None = None
    later: bool = False  # the new article of an exchange is chosen after the request

    def wishes(
        self, order: Order, *, resolution: str | None = None, photos: Mapping[str, Sequence[PhotoView]] | None = None
    ) -> list[Wish]:
        """Return the draft as a request, in the order of the lines; those the order no longer has are left out.

        `photos` is what the visit sent, by the line's ref.
        """
        sent, wishes = photos or {}, []
        for line in order.lines:
            kept = self.lines.get(line.ref)
            if kept is None:
                continue
            kind, ref = offer_of(resolution or self.way_of(line.ref) or ResolutionKind.REFUND_ORIGINAL.value)
            article = (kept.article or None) if kind == ResolutionKind.EXCHANGE.value and not self.is_mixed else None
            pictures = tuple(one.id for one in sent.get(line.ref, ()))
            wishes.append(
                Wish(
                    line.ref, kept.quantity, kept.reason, kept.note or None, kind, ref, kept.answers, pictures, article
                )
            )
        return wishes

    def way_of(self, line_ref: str) -> str:
        """Return how an item is made right: its own way, else that of all; nothing while none is chosen."""
        kept = self.lines.get(line_ref)
        return (kept.way if kept else "") or self.resolution

    @property
    def ways(self) -> list[str]:
        """Return the ways that were chosen, each once."""
        return list(dict.fromkeys(way for ref in self.lines if (way := self.way_of(ref))))

    @property
    def is_mixed(self) -> bool:
        """Return whether the items go different ways. The new article of an exchange is then chosen afterwards."""
        return len(self.ways) > 1

    @property
    def chooses_later(self) -> bool:
        """Return whether the new article of an exchange is chosen on the page of the return."""
        exchanged = any(offer_of(way)[0] == ResolutionKind.EXCHANGE.value for way in self.ways)
        return exchanged and (self.later or self.is_mixed)

    def alike(self, way: str) -> "Draft":
        """Return the draft with one way for all of its items."""
        lines = {ref: msgspec.structs.replace(line, way="") for ref, line in self.lines.items()}
        return msgspec.structs.replace(self, lines=lines, resolution=way, later=False)

    def each(self, ways: Mapping[str, str]) -> "Draft":
        """Return the draft with a way for each item by its line's ref; one that all share is that of all."""
        if len(set(ways.values())) == 1:
            return self.alike(next(iter(ways.values())))
        lines = {ref: msgspec.structs.replace(line, way=ways[ref]) for ref, line in self.lines.items()}
        return msgspec.structs.replace(self, lines=lines, resolution="", later=False)

    @property
    def has_reasons(self) -> bool:
        """Return whether every line has its reason."""
        return bool(self.lines) and all(line.reason for line in self.lines.values())


def read_draft(answers: Mapping[str, Any], order_id: UUID) -> Draft:
    """Return the draft that a visit keeps, or an empty one where it is about another order or of another shape."""
    try:
        draft = msgspec.convert(answers, Draft)
    except msgspec.ValidationError:
        return Draft(order_id)
    return draft if draft.order_id == order_id else Draft(order_id)


def kept(draft: Draft) -> dict[str, Any]:
    """Return a draft as it is kept."""
    built: dict[str, Any] = msgspec.to_builtins(draft)
    return built


def value_of(kind: str, ref: str | None) -> str:
    """Return how a form and a draft name an offer: its kind, and the merchant's record of it if there is one."""
    return f"{kind}:{ref}" if ref else kind


def offer_of(value: str) -> tuple[str, str | None]:
    """Return (kind, record or nothing) of an offer that a form or a draft names."""
    kind, _, ref = value.partition(":")
    return kind, ref or None


def key_of(line_ref: str) -> str:
    """Return the name of a line in forms: short, and the same however the order's lines are sorted."""
    return hashlib.sha256(line_ref.encode("utf-8", "replace")).hexdigest()[:10]


@dataclass(frozen=True, slots=True)
class Piece:
    """One chosen item as pages show it beside a question."""

    key: str
    title: str
    picture: str | None
    quantity: int
    of: int
    reason: str


def pieces(draft: Draft, order: Order, pictures: Mapping[str, str]) -> Sequence[Piece]:
    """Return the chosen items in the order of the lines; `pictures` says where this server shows which address."""
    return [
        Piece(
            key_of(line.ref), line.title, pictures.get(line.image_url or ""), kept.quantity, line.quantity, kept.reason
        )
        for line in order.lines
        if (kept := draft.lines.get(line.ref)) is not None
    ]
