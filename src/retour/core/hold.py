"""Card authorisations of instant exchanges: when one is looked at, made anew, released, captured, or asked for again.

All of it is a pure reading of the hold, the goods and the clock. Money is integers in minor units; times are aware UTC.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from retour.core.ahead import worth_of
from retour.core.errors import Refused
from retour.core.exchange import Exchange
from retour.core.money import half_up
from retour.core.order import Order
from retour.core.rma.exchange import ExchangeState
from retour.core.rma.hold import ENDED, MOVES, HoldState, Owes
from retour.core.rma.moves import FREEING
from retour.core.rma.state import Return, SettlementState, SettlementView, Span, common, minus

S = HoldState
USUAL_LAPSE: Final = timedelta(days=7)  # where the provider does not say for how long an authorisation stands
MARGIN: Final = timedelta(hours=36)  # so long before it lapses it is made anew
POLL: Final = timedelta(minutes=5)  # how often an open page is looked at
LONGEST: Final = timedelta(days=1)  # no hold is left alone for longer
REMIND_DAYS: Final = (3, 1)  # before the last day to send the goods back
DUNNING_DAYS: Final = (0, 3, 7)  # after the card refused
GIVE_UP_DAYS: Final = 10  # then a person decides
_WHOLE_BP: Final = 10_000
_GIVEN: Final = frozenset(
    {ExchangeState.LINKING, ExchangeState.PAYING_REST, ExchangeState.MADE, ExchangeState.CANCELLED,
     ExchangeState.BY_HAND}
)  # fmt: skip


class Act(StrEnum):
    """What is done about a hold now."""

    OPEN = "open"  # the provider's page
    LOOK = "look"  # whether the page was confirmed
    START = "start"  # the days to send the goods back begin to run
    REMIND = "remind"
    REAUTHORISE = "reauthorise"
    CAPTURE = "capture"
    RELEASE = "release"
    DEMAND = "demand"  # nothing is held any more: the money is asked for
    DUN = "dun"
    GIVE_UP = "give_up"
    WAIT = "wait"


class Decided(StrEnum):
    """What a person decided about a hold."""

    CAPTURE = "capture"
    RELEASE = "release"


class End(StrEnum):
    """What became of the return of the goods that a hold stands for."""

    NOT_YET = "not_yet"
    UNDOING = "undoing"  # given up; the new order is being taken back
    UNDONE = "undone"  # given up, and nothing went out
    OUT = "out"  # given up, and the new goods are out


@dataclass(frozen=True, slots=True)
class Hold:
    """One authorisation for `units` (line ref, first, last) of return lines; `intent_ref` is the provider's id of it.

    `page_ref`, `page_url` and `page_until` are of the provider's page that is open, `owed_minor` is what is captured or
    asked for; `days` and `arrive_days` are the policy's, frozen with the return.
    """

    id: uuid.UUID
    rma_id: uuid.UUID
    connection_id: uuid.UUID
    state: HoldState
    currency: str
    line_ids: tuple[uuid.UUID, ...]
    units: tuple[tuple[str, int, int], ...]
    days: int
    arrive_days: int
    since: datetime
    amount_minor: int | None = None
    captured_minor: int = 0
    owed_minor: int | None = None
    owes: Owes | None = None
    problem: str | None = None
    effect_id: uuid.UUID | None = None
    page_ref: str | None = None
    page_url: str | None = None
    page_until: datetime | None = None
    intent_ref: str | None = None
    customer_ref: str | None = None
    method_ref: str | None = None
    authorised_at: datetime | None = None
    lapses_at: datetime | None = None
    send_by: datetime | None = None
    arrive_by: datetime | None = None
    reminded: int = 0
    dunning_since: datetime | None = None
    dunned: int = 0
    back_url: str | None = None
    wants_page: bool = False  # the shopper asked for a page once more
    decided: Decided | None = None  # by a person, with how much of it
    decided_minor: int | None = None
    due_at: datetime | None = None

    def at(self, state: HoldState, now: datetime, *, due: datetime | None) -> "Hold":
        """Return it in another state, to be looked at again when it is `due`; raise Refused(move_not_allowed)."""
        if state not in MOVES[self.state]:
            facts = {"state": self.state.value, "to": state.value}
            raise Refused("move_not_allowed", f"the hold is {self.state.value}", facts=facts)
        return replace(self, state=state, since=now, due_at=due)

    def stands(self, now: datetime) -> bool:
        """Return whether the card is held at that moment."""
        return self.intent_ref is not None and self.lapses_at is not None and now < self.lapses_at


@dataclass(frozen=True, slots=True)
class Goods:
    """What came back of the goods a hold stands for, in minor units of what they were sold for.

    `lost` is what the verdicts took off, `missing` what has not arrived; `unjudged` says that something is here that
    nobody has inspected. `given_at` is when the new order was made. Nothing is taken while staff hold it (`is_held_up`).
    """

    worth: int
    lost: int = 0
    missing: int = 0
    unjudged: bool = False
    on_its_way: bool = False
    given_at: datetime | None = None
    end: End = End.NOT_YET
    is_held_up: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """What is done now, and when the hold is looked at next (`due`), if nothing else happens."""

    act: Act
    due: datetime
    amount_minor: int = 0


def amount_of(done: Exchange) -> int:
    """Return what is held: the price of the new articles, less what is paid for them at once, with what goes back.

    It is what the shopper has been given if nothing ever comes back. Raises Refused(nothing_to_hold).
    """
    amount = done.price.presentment - done.collect.presentment + done.pay_back.presentment
    if amount <= 0:
        raise Refused("nothing_to_hold", "the new article is paid for in full")
    return amount


def goods_of(ret: Return, order: Order, hold: Hold, *, being_undone: bool = False) -> Goods:
    """Return what came back of what a hold stands for; `being_undone`: its new order is asked back right now."""
    lines = [line for line in ret.lines if line.id in hold.line_ids]
    units = [(ref, (lo, hi)) for ref, lo, hi in hold.units]
    came: list[tuple[str, Span]] = []
    lost, unjudged = 0, False
    for line in lines:
        mine = [span for ref, span in units if ref == line.line_ref]
        came += [(line.line_ref, span) for span in common(mine, line.received)]
        unjudged |= bool(minus(common(mine, line.received), line.inspected))
        for i in line.inspections:
            bp = i.deduction_basis_points if i.accepted else _WHOLE_BP
            judged = worth_of(order, [(line.line_ref, span) for span in common(mine, (i.span,))])
            lost += half_up(judged * bp, _WHOLE_BP)
    refs, worth = {line.line_ref for line in lines}, worth_of(order, units)
    settled = [s for s in ret.settlements if any(ref in refs for ref, _, _ in s.units)]
    given = [at for s in settled if (at := _given_at(s, hold)) is not None]
    end = End.NOT_YET
    if all(line.decision in FREEING for line in lines):
        end = End.UNDOING if being_undone else End.OUT if given else End.UNDONE
    return Goods(
        worth, lost, worth - worth_of(order, came), unjudged,
        ret.in_transit_at is not None or ret.delivered_at is not None, max(given, default=None), end, ret.held,
    )  # fmt: skip


def _given_at(settlement: SettlementView, hold: Hold) -> datetime | None:
    """Return since when the shopper has something for the goods: the new order, or what is paid in its place."""
    if settlement.state in (SettlementState.REVERSED, SettlementState.QUOTED, SettlementState.FAILED):
        return None
    new = settlement.exchange
    if new is None:
        return hold.authorised_at
    return new.since if new.state in _GIVEN else None


def owed(hold: Hold, goods: Goods, now: datetime) -> int | None:
    """Return what is captured of a hold, zero if it is released; nothing while that is open."""
    amount = hold.amount_minor or 0
    match goods.end:
        case End.UNDONE:
            return 0
        case End.OUT:
            return amount
        case End.UNDOING:
            return None
    if goods.unjudged:
        return None
    lost = goods.lost
    if goods.missing:
        limit = hold.arrive_by if goods.on_its_way else hold.send_by
        if limit is None or now < limit:
            return None
        lost += goods.missing
    return share(amount, lost=lost, worth=goods.worth)


def ends_lines(hold: Hold, goods: Goods, now: datetime) -> bool:
    """Return whether what has not come of a hold that was captured stays with the shopper: it was paid for.

    That is so once its time is over, and at once where all of it was taken for what is out and nothing is on its way.
    """
    if not goods.missing or goods.end is not End.NOT_YET:
        return False
    is_bought = hold.captured_minor == hold.amount_minor and goods.given_at is not None and not goods.on_its_way
    return is_bought or bool(owed(hold, goods, now))


def share(amount: int, *, lost: int, worth: int) -> int:
    """Return the part of an amount that is owed for what was lost of some worth: all of it for all, never more."""
    if lost >= worth:
        return amount
    return min(amount, half_up(amount * lost, worth))


def next_move(hold: Hold, goods: Goods, now: datetime) -> Move:
    """Return what is done about a hold now; the same for the same state, goods and moment."""
    later = now + LONGEST
    if hold.state in (S.DUNNING, S.FAILED) and hold.send_by is None and goods.given_at is not None:
        return Move(Act.START, now)  # the new article went out although the card refused: its days run all the same
    match hold.state:
        case S.ASKED:
            return Move(Act.OPEN, now + POLL)
        case S.OFFERED:
            over = goods.end is not End.NOT_YET or goods.missing < goods.worth  # it goes the ordinary way
            return Move(Act.RELEASE if over else Act.LOOK, now + POLL)
        case S.AUTHORISED:
            return _authorised(hold, goods, now)
        case S.DUNNING:
            return _dunning(hold, goods, now)
        case S.FAILED:
            return _decided(hold, goods, now) or _page(hold, now) or Move(Act.WAIT, later)
        case _:
            return Move(Act.WAIT, later)


def _decided(hold: Hold, goods: Goods, now: datetime) -> Move | None:
    """Return the end that the goods bring about, if they do; what is not held any more cannot be captured."""
    due = owed(hold, goods, now)
    if hold.decided is not None:
        due = 0 if hold.decided is Decided.RELEASE else hold.decided_minor
    elif goods.is_held_up and due:
        return None
    if due == 0:
        return Move(Act.RELEASE, now + LONGEST)
    if due and hold.stands(now) and hold.owes is not Owes.PAY:
        return Move(Act.CAPTURE, now + LONGEST, due)
    is_less = (
        hold.owes is Owes.PAY and due is not None and due < (hold.owed_minor or 0)
    )  # something came back meanwhile
    if due and (hold.owes is Owes.CONFIRM or hold.decided is not None or is_less):
        return Move(Act.DEMAND, now + POLL, due)
    return None


def _page(hold: Hold, now: datetime) -> Move | None:
    """Return what is done about a page that the shopper wants, or that is open."""
    if hold.wants_page:
        return Move(Act.OPEN, now + POLL)
    return Move(Act.LOOK, now + POLL) if hold.page_ref is not None else None


def _authorised(hold: Hold, goods: Goods, now: datetime) -> Move:
    assert hold.lapses_at is not None, "an authorisation lapses at some time"
    anew = hold.lapses_at - MARGIN
    released = hold.decided is Decided.RELEASE or owed(hold, goods, now) == 0
    if now >= hold.lapses_at and not released:
        return Move(Act.REAUTHORISE, now + LONGEST)  # we were away: it is captured once it stands again
    end = _decided(hold, goods, now)
    if end is not None:
        return end
    if now >= anew:
        return Move(Act.REAUTHORISE, now + LONGEST)
    if hold.send_by is None and goods.given_at is not None:
        return Move(Act.START, now)
    moments = [anew, now + LONGEST]
    if hold.send_by is not None and goods.missing:
        if not goods.on_its_way and not goods.is_held_up:
            past, ahead = _reminders(hold, now)
            if past:
                return Move(Act.REMIND, now)
            moments += ahead
        limit = hold.arrive_by if goods.on_its_way else hold.send_by
        assert limit is not None, "both days are written at once"
        moments += [limit] if limit > now else []
    return Move(Act.WAIT, min(moments))


def _reminders(hold: Hold, now: datetime) -> tuple[bool, list[datetime]]:
    """Return whether a reminder is due that was not sent, and when the others are."""
    assert hold.send_by is not None, "its last day is known"
    days = REMIND_DAYS[hold.reminded :]
    moments = [hold.send_by - timedelta(days=n) for n in days]
    return any(at <= now for at in moments) and now < hold.send_by, [at for at in moments if at > now]


def reminders_sent(hold: Hold, now: datetime) -> int:
    """Return how many of the reminders count as sent once one is sent now: those that were missed are left out."""
    assert hold.send_by is not None, "its last day is known"
    return sum(hold.send_by - timedelta(days=n) <= now for n in REMIND_DAYS)


def _dunning(hold: Hold, goods: Goods, now: datetime) -> Move:
    """Return the next step towards a shopper whose card refused: a mail at set days, then a person."""
    end = _decided(hold, goods, now)
    if end is not None:
        return end
    if goods.is_held_up:
        return _page(hold, now) or Move(Act.WAIT, now + LONGEST)
    assert hold.dunning_since is not None, "it began at some time"
    gives_up = hold.dunning_since + timedelta(days=GIVE_UP_DAYS)
    if now >= gives_up:
        return Move(Act.GIVE_UP, now + LONGEST)
    moments = [hold.dunning_since + timedelta(days=n) for n in DUNNING_DAYS[hold.dunned :]]
    if any(at <= now for at in moments):
        return Move(Act.DUN, now)
    page = _page(hold, now)
    if page is not None:
        return replace(page, due=min([page.due, gives_up, *moments]))
    return Move(Act.WAIT, min([now + LONGEST, gives_up, *moments]))


def dunned(hold: Hold, now: datetime) -> int:
    """Return how many of the mails count as sent once one is sent now."""
    assert hold.dunning_since is not None, "it began at some time"
    return sum(hold.dunning_since + timedelta(days=n) <= now for n in DUNNING_DAYS)


def refused(hold: Hold, now: datetime, *, owes: Owes, problem: str) -> Hold:
    """Return a hold whose card refused: the shopper is asked from now on."""
    after = hold if hold.state is S.DUNNING else hold.at(S.DUNNING, now, due=now)
    return replace(
        after, owes=owes, problem=problem[:200], dunning_since=now, dunned=0, effect_id=None, page_ref=None,
        page_url=None, page_until=None, due_at=now, decided=None, decided_minor=None, wants_page=False,
    )  # fmt: skip


def confirmed(
    hold: Hold, now: datetime, *, intent_ref: str, customer_ref: str | None, method_ref: str | None,
    lapses_at: datetime | None,
) -> Hold:  # fmt: skip
    """Return a hold whose authorisation stands (again), with what it needs to be made anew."""
    after = hold.at(S.AUTHORISED, now, due=now)
    return replace(
        after, intent_ref=intent_ref, customer_ref=customer_ref or hold.customer_ref,
        method_ref=method_ref or hold.method_ref, authorised_at=now, lapses_at=lapses_at or now + USUAL_LAPSE,
        problem=None, owes=None, owed_minor=None, effect_id=None, dunning_since=None, dunned=0, page_ref=None,
        page_url=None, page_until=None, wants_page=False,
    )  # fmt: skip


def started(hold: Hold, goods: Goods, now: datetime) -> Hold:
    """Return a hold whose days to send the goods back have begun to run with the new order."""
    assert goods.given_at is not None, "they begin with the new order"
    send_by = goods.given_at + timedelta(days=hold.days)
    return replace(hold, send_by=send_by, arrive_by=send_by + timedelta(days=hold.arrive_days), due_at=now)


def is_open(holds: Iterable[Hold]) -> bool:
    """Return whether one of them has not come to an end."""
    return any(hold.state not in ENDED for hold in holds)


def is_decidable(hold: Hold) -> bool:
    """Return whether a person may capture or release a hold now: nothing is under way, nothing was decided."""
    return hold.state in (S.AUTHORISED, S.DUNNING, S.FAILED) and hold.effect_id is None and hold.decided is None


def may_decide(hold: Hold, do: Decided, minor: int | None) -> int | None:
    """Return how much a person's decision captures; raise Refused: `move_not_allowed`, `out_of_range`."""
    if not is_decidable(hold):
        raise Refused("move_not_allowed", f"the hold is {hold.state.value}", facts={"state": hold.state.value})
    if do is Decided.RELEASE:
        return None
    most = hold.amount_minor or 0
    if minor is not None and not 0 < minor <= most:
        raise Refused("out_of_range", "it is more than is held, or nothing", field="amount_minor", facts={"most": most})
    return minor or most
