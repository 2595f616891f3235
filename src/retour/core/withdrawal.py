"""Statutory withdrawal from a distance contract: what is stated, how long it may be stated, and what follows from it.

Nothing here refuses a statement: it counts from the moment it is received, whoever it turns out to be from
(Directive 2011/83/EU, art. 9 to 14, with art. 11a of Directive (EU) 2023/2673). What a person must decide has a code.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from retour.core.errors import Objection, Refused
from retour.core.letter import mail_address
from retour.core.order import Order
from retour.core.policy.order_facts import local_day
from retour.core.policy.window import EVERY_WEEK, WorkingDays

PERIOD: Final = timedelta(days=14)  # art. 9(1): calendar days, the first one after the event
REPAID_WITHIN: Final = timedelta(days=14)  # art. 13(1): from the day the merchant was told
NAME_MOST: Final = 200  # characters
NUMBER_MOST: Final = 100
GOODS_MOST: Final = 2_000
REASON_MOST: Final = 2_000
# What could turn a line of text around, or hide in it, is dropped when it is received.
_HIDDEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_BLANKS: Final = re.compile(r"\s+")


class WithdrawalState(StrEnum):
    """Where a statement stands; received and acknowledged it is in every one of them."""

    RECEIVED = "received"  # its order is being looked for
    WAITING = "waiting"  # for a person, see `Why`
    MATCHED = "matched"  # a return was opened for it
    CLOSED = "closed"  # a person decided that nothing follows, and said why


class Why(StrEnum):
    """Why a statement waits for a person."""

    NO_ORDER = "no_order"
    ANOTHER_CONTACT = "another_contact"
    SEVERAL_ORDERS = "several_orders"
    PART_NAMED = "part_named"
    LATE = "late"
    NOTHING_LEFT = "nothing_left"
    NOT_OPENED = "not_opened"


MOVES: Final[Mapping[WithdrawalState, frozenset[WithdrawalState]]] = {
    WithdrawalState.RECEIVED: frozenset({WithdrawalState.WAITING, WithdrawalState.MATCHED, WithdrawalState.CLOSED}),
    WithdrawalState.WAITING: frozenset({WithdrawalState.MATCHED, WithdrawalState.CLOSED}),
    WithdrawalState.MATCHED: frozenset(),
    WithdrawalState.CLOSED: frozenset({WithdrawalState.MATCHED}),  # a person may still find its order
}


@dataclass(frozen=True, slots=True)
class Statement:
    """What a person states: who withdraws, from which contract, where the acknowledgement goes; `goods` if not all."""

    name: str
    number: str
    contact: str
    goods: str = ""


@dataclass(frozen=True, slots=True)
class Period:
    """The withdrawal period of an order: the day it is counted from, and the last day of it, both merchant-local."""

    counted_from: date
    last_day: date


@dataclass(frozen=True, slots=True)
class Candidate:
    """An order that a statement may be about, and what of the statement fits it."""

    order_id: UUID
    name: str
    placed_at: datetime
    by_number: bool = False
    by_contact: bool = False
    by_name: bool = False

    @property
    def score(self) -> int:
        """Return how much speaks for it, from 0 to 7: the number more than the contact, this more than the name."""
        return 4 * self.by_number + 2 * self.by_contact + self.by_name


def move(current: WithdrawalState, to: WithdrawalState) -> WithdrawalState:
    """Return the new state; raise Refused(move_not_allowed)."""
    if to not in MOVES[current]:
        raise Refused("move_not_allowed", f"a withdrawal that is {current.value} cannot become {to.value}")
    return to


def sound(said: Statement) -> Statement:
    """Return a statement as it is kept; raise Refused with what is missing, each at its field.

    Codes: `name_required`, `number_required`, `invalid_email`, `too_long`.
    """
    kept = Statement(_line(said.name), _line(said.number), said.contact.strip(), _HIDDEN.sub("", said.goods).strip())
    found: list[Objection] = []
    for field, text, most in (("name", kept.name, NAME_MOST), ("number", kept.number, NUMBER_MOST)):
        if not text:
            found.append(Objection(f"{field}_required", f"say the {field}", field))
        elif len(text) > most:
            found.append(Objection("too_long", f"at most {most} characters", field))
    try:
        mail_address(kept.contact, field="contact")
    except Refused as no:
        found.append(Objection(no.code, no.message, "contact"))
    if len(kept.goods) > GOODS_MOST:
        found.append(Objection("too_long", f"at most {GOODS_MOST} characters", "goods"))
    if found:
        raise Refused(found[0].code, found[0].message, field=found[0].field, objections=found)
    return kept


def digest(said: Statement, at: datetime) -> str:
    """Return the SHA-256 (hex) of what was stated and when (UTC): whoever has both can check that nothing changed."""
    told = {"at": at.astimezone(UTC).isoformat(), "contact": said.contact, "goods": said.goods, "name": said.name,
            "number": said.number}  # fmt: skip
    return hashlib.sha256(json.dumps(told, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def period(order: Order, zone: ZoneInfo, working: WorkingDays = EVERY_WEEK) -> Period | None:
    """Return the period in which an order may be withdrawn from, or nothing while it has not begun.

    It is counted from the day the last good arrived (art. 9(2)(b)(i)), of an order of nothing to be shipped from the day
    it was placed. A last day on which nobody works is moved to the next (Regulation 1182/71, art. 3(4)).
    """
    shipped = [line for line in order.lines if line.requires_shipping and line.quantity > line.cancelled]
    if not shipped:
        return _counted(local_day(order.placed_at, zone), working)
    sent, refs = order.sent(), {line.ref for line in shipped}
    if any(sent.get(line.ref, 0) < line.quantity - line.cancelled for line in shipped):
        return None
    parcels = [parcel for parcel in order.fulfilments if any(units.line_ref in refs for units in parcel.units)]
    arrived = [parcel.delivered_at for parcel in parcels if parcel.delivered_at is not None]
    if len(arrived) < len(parcels):
        return None
    return _counted(local_day(max(arrived), zone), working)


def is_late(found: Period | None, stated_on: date) -> bool:
    """Return whether a statement of that day came after the period; one before it has begun is in time."""
    return found is not None and stated_on > found.last_day


def repay_by(stated_on: date) -> date:
    """Return the last day on which the money may go back, unless goods and proof of sending are still missing."""
    return stated_on + REPAID_WITHIN


def ranked(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Return the candidates, what fits best first, newer orders before older ones."""
    return tuple(sorted(candidates, key=lambda one: (-one.score, -one.placed_at.timestamp(), one.order_id)))


def matched(candidates: Sequence[Candidate]) -> Candidate | Why:
    """Return the one order that both the number and the contact name, or why a person has to look."""
    both = [one for one in candidates if one.by_number and one.by_contact]
    if len(both) == 1:
        return both[0]
    if both:
        return Why.SEVERAL_ORDERS
    return Why.ANOTHER_CONTACT if any(one.by_number for one in candidates) else Why.NO_ORDER


def _counted(day: date, working: WorkingDays) -> Period:
    return Period(day, working.first_from(day + PERIOD))


def _line(text: str) -> str:
    return _BLANKS.sub(" ", _HIDDEN.sub("", text)).strip()
