"""What is asked of a return, and what the policy said about it, before anything is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from retour.core import refund
from retour.core.errors import Objection
from retour.core.policy import LineDecision
from retour.core.policy.outcome import Requirements, ResolutionKind
from retour.core.rma import Span
from retour.core.ways import Ways
from retour.store import policy
from retour.store import rma as returns
from retour.store.fraud import Weighed
from retour.store.order import OrderRecord
from retour.store.refund import Position

# What a line may ask for: Retour pays refunds, and hands everything else over to whoever carries it out.
API = "api"
PORTAL = "portal"
CARRIED_OUT = frozenset(kind.value for kind in ResolutionKind)


@dataclass(frozen=True, slots=True)
class Wish:
    """Some units of one order line that somebody wants to return."""

    line_ref: str
    quantity: int
    reason: str
    note: str | None = None
    resolution: str = ResolutionKind.REFUND_ORIGINAL.value
    ref: str | None = None  # of the merchant's own record; without one the first offer of the kind
    answers: Mapping[str, str] = field(default_factory=dict)  # to the policy's and the reason's questions, by their ids
    photos: tuple[UUID, ...] = ()  # what was sent of it beforehand
    article: str | None = None  # what its units are exchanged for, one for one: the platform's ref, or a SKU


@dataclass(frozen=True, slots=True)
class Asking:
    """What somebody asks for: units of one order, through one channel; `method` is how the goods shall come back.

    `plan_hash` is that of the figures that were shown; without one no figures were. With `unlimited` the policy's
    objections are recorded instead of refused; units and money stay within what there is.
    """

    store_id: UUID
    order_id: UUID
    wishes: tuple[Wish, ...]
    channel: str
    kind: str = "return"
    method: str | None = None
    plan_hash: str | None = None
    gift: bool = False  # asked by the receiver of a gift, who gets the credit and the mail
    receiver_id: UUID | None = None  # that person, of a gift
    gift_unproven: bool = False  # the receiver knew the order's number and where it was sent, and held no link
    unlimited: str | None = None  # why a member of the staff sets the policy aside
    swap_hash: str | None = None  # of the figures of an exchange that were shown; its articles are checked then
    asked_at: datetime | None = None  # when it was asked for elsewhere: windows are counted to that day
    picked: bool = False  # articles were chosen from the catalogue: what it said of them is kept, whatever the figures
    instead_of: UUID | None = None  # the open return whose content this replaces: what it holds is free for this


def with_receiver(asking: Asking, receiver_id: UUID) -> Asking:
    """Return a request as that of whoever got the goods as a gift."""
    return replace(asking, gift=True, receiver_id=receiver_id)


@dataclass(frozen=True, slots=True)
class Promise:
    """What would be paid if all units arrive sound: one plan per set of terms, and one hash over all of them."""

    plans: tuple[refund.Plan, ...]
    hash: str
    currency: str
    total_minor: int


@dataclass(frozen=True, slots=True)
class Judged:
    """A request with the policy's word on it, before anything is written."""

    order: OrderRecord
    store: policy.StoreContext
    version_id: UUID
    position: Position
    lines: tuple[LineDecision, ...]
    spans: tuple[tuple[Span, ...], ...]
    promise: Promise
    ways: Ways
    number: int | None  # what the return will be called, if it may be opened
    weighed: Weighed  # signs of abuse
    is_unanswered: bool = False  # whether something that is wanted was not said
    lacks_photos: bool = False  # whether a line has fewer photos than are wanted
    wanted: tuple[Requirements, ...] = ()  # of each line, by the policy and by the reason that was given
    gift_unproven: bool = False  # a gift that no link proves
    set_aside: tuple[Objection, ...] = ()  # what the policy objected to, with a reason given to go on

    @property
    def looked_at(self) -> tuple[str, ...]:
        """Return why a person looks at the request whatever the policy approves by itself, as codes."""
        found = {
            "several_ways": self.ways.needs_review,
            "photos_wanted": self.lacks_photos,
            "answers_wanted": self.is_unanswered,
            "beyond_policy": bool(self.set_aside),
            "gift_unproven": self.gift_unproven,
            "fraud_review": self.weighed.wants_review,
        }
        return tuple(code for code, stands in found.items() if stands)


@dataclass(frozen=True, slots=True)
class Opened:
    """A return that was just written, with what it was judged on."""

    new: returns.NewReturn
    judged: Judged
