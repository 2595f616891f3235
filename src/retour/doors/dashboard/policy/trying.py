"""What a policy would decide for an order, tried beside the editor: nothing is kept and nobody is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from retour.core import refund
from retour.core.errors import Refused
from retour.core.money import Money
from retour.core.order import OrderLine
from retour.core.policy import Asked, LineDecision, PolicyDocument, decode
from retour.core.policy.encoding import encode_outcome, encode_value
from retour.core.policy.outcome import Group, ResolutionKind
from retour.core.policy.tracing import Compared, Evaluated, Grouped, RuleTrace, Trace
from retour.core.reason import REASONS
from retour.core.rma import lowest, minus
from retour.core.terms import terms_of
from retour.doors.dashboard.desk import Visit
from retour.doors.dashboard.policy import refusals
from retour.doors.dashboard.policy.conditions import GROUPINGS
from retour.doors.dashboard.policy.fact_words import comparison
from retour.doors.dashboard.policy.outcome_forms import GROUPS, IN_ORDER, RESOLUTIONS
from retour.doors.dashboard.policy.room import Opened
from retour.doors.dashboard.policy.values import told_one, told_value
from retour.doors.dashboard.words import REASONS as NAMES
from retour.flows import policy_review as flow
from retour.store import order as orders
from retour.store import refund as refunds
from retour.store.db import Db
from retour.store.order import OrderRecord
from retour.store.refund import Position
from retour.web.reader import Reader

_WITHOUT_MONEY: Final = frozenset({ResolutionKind.REPAIR, ResolutionKind.REPLACEMENT})


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


WHY: Final = {
    "never_eligible": _("The policy never takes it back."),
    "final_sale": _("It was sold as final sale."),
    "window_closed": _("The time to return it is over."),
    "no_resolution": _("Nothing is offered for it."),
    "no_method": _("There is no way to send it back."),
    "not_shipped": _("It was not sent yet."),
    "more_than_returnable": _("No unit is left that could come back."),
    "nothing_left": _("No unit is left that could come back."),
    "currency_mismatch": _("The amounts of the policy are in another currency than the books of the store."),
}
BY_LAW: Final = _("The law")


@dataclass(frozen=True, slots=True)
class Fact:
    """One row of a trace in words: what was compared and what the fact was, and whether it held."""

    depth: int
    text: str
    was: str
    held: bool | None


@dataclass(frozen=True, slots=True)
class Went:
    """One rule as it went on a line; `decides` says whether it decided anything."""

    name: str
    enabled: bool
    answer: bool | None
    decides: bool
    compared: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class TriedLine:
    """What would be decided for one line: whether it may come back, what is offered, and which rule says so."""

    title: str
    eligible: bool
    until: str | None
    why: tuple[str, ...]
    decided: tuple[tuple[str, str, tuple[str, ...]], ...]  # question, rule, sentences
    offers: tuple[tuple[str, str], ...]  # resolution, amount
    rules: tuple[Went, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """An order as it was tried; `trouble` says why there is nothing to show, `note` what was assumed."""

    order: str
    trouble: str | None = None
    note: str = ""
    lines: Sequence[TriedLine] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Trial:
    """What a draft is tried on: an order by its number, and the code of a reason or "" for none."""

    order: str = ""
    reason: str = ""

    @classmethod
    def of(cls, fields: Mapping[str, object], *, inside: str = "") -> "Trial":
        """Return the trial that the address or the form of a page names."""
        order, reason = (fields.get(f"{inside}{name}", "") for name in ("order", "reason"))
        return cls(str(order)[:60], str(reason) if reason in REASONS else "")

    @property
    def query(self) -> dict[str, str]:
        """Return the trial as parts of an address."""
        return {name: value for name, value in (("order", self.order), ("reason", self.reason)) if value}


async def tried(db: Db, seen: Visit, here: Opened, document: object, trial: Trial) -> Tried | None:
    """Return what a document would decide for an order, or nothing where none is named."""
    if not trial.order:
        return None
    reader = seen.reader
    found = await orders.find_only(db, here.store.id, trial.order)
    if found is None:
        return Tried(trial.order, reader.say("There is no order %(number)s.", number=trial.order))
    at = await refunds.position(db, found.id)
    wishes = [
        Asked(line.ref, max(1, _left(at, line)), trial.reason or None)
        for line in found.order.lines
        if line.quantity > 0
    ]
    try:
        read = decode(document)
        went = await flow.explain_order(
            db, store_id=here.store.id, order_ref=str(found.id), now=seen.now, wishes=wishes, document=read
        )
    except Refused as refused:
        return Tried(trial.order, refusals.said(refused, reader))
    by = _Telling(here, read, found, at)
    if trial.reason:
        note = reader.say("Order %(number)s, all units of each item, asked for today.", number=found.order.name)
    else:
        note = reader.say(
            "Order %(number)s, all units of each item, asked for today, no reason given.", number=found.order.name
        )
    return Tried(trial.order, None, note, [by.line(line.decision, line.trace) for line in went.lines])


def reasons(reader: Reader) -> list[tuple[str, str]]:
    """Return the reasons that a draft may be tried with."""
    return [("", reader.say("No reason")), *((code, reader.say(NAMES[code])) for code in REASONS)]


def _left(at: Position, line: OrderLine) -> int:
    return sum(last - first + 1 for first, last in _free(at, line.ref))


def _free(at: Position, line_ref: str) -> tuple[tuple[int, int], ...]:
    """Return the units of a line that are in no return, as ranges."""
    counter = at.counter(line_ref)
    sent = counter.fulfilled - counter.refunded_without_return if counter else 0
    return tuple(minus(((1, sent),), at.claimed(line_ref))) if sent > 0 else ()


@dataclass(frozen=True, slots=True)
class _Telling:
    """Tells what was decided for the lines of one order."""

    here: Opened
    document: PolicyDocument
    found: OrderRecord
    at: Position

    @property
    def reader(self) -> Reader:
        return self.here.teller.reader

    def line(self, said: LineDecision, went: Trace) -> TriedLine:
        sold = self.found.order.line(said.line_ref)
        names = {rule.id: rule.name for rule in self.document.rules}
        why = dict.fromkeys(self._why(one.code, one.message) for one in said.objections)
        return TriedLine(
            title=sold.title if sold else said.line_ref,
            eligible=not said.objections,
            until=self.reader.day(said.closes_on) if said.closes_on else None,
            why=tuple(why),
            decided=tuple(self._decided(said, group, names) for group in IN_ORDER),
            offers=self._offers(said) if sold and not said.objections else (),
            rules=tuple(self._went(rule) for rule in went.rules),
        )

    def _why(self, code: str, message: str) -> str:
        return self.reader.say(WHY[code]) if code in WHY else message

    def _decided(self, said: LineDecision, group: str, names: dict[str, str]) -> tuple[str, str, tuple[str, ...]]:
        ruling = said.ruling(Group(group))
        by_law = self.reader.say(BY_LAW) if ruling.rule == "statute" else None
        rule = by_law or (names[ruling.rule] if ruling.rule in names else self.reader.say("Otherwise"))
        sentences = self.here.teller.outcome(group, encode_outcome(ruling.outcome))
        return self.reader.say(GROUPS[group]), rule, tuple(sentences)

    def _offers(self, said: LineDecision) -> tuple[tuple[str, str], ...]:
        words = dict(RESOLUTIONS)
        found = []
        for offer in said.resolutions.outcome.offered:
            record = self.here.teller.records.get(offer.ref or "")
            amount = None if offer.kind in _WITHOUT_MONEY else self._amount(said, offer.kind.value, offer.ref)
            found.append((record or self.reader.say(words[offer.kind.value]), amount or "–"))
        return tuple(found)

    def _amount(self, said: LineDecision, kind: str, ref: str | None) -> str | None:
        """Return what the free units of the line would bring with its bonus, as the quote has it, or nothing."""
        order = self.found.order
        ranges = lowest(_free(self.at, said.line_ref), max(1, sum(b - a + 1 for a, b in _free(self.at, said.line_ref))))
        asked = refund.RequestedLine(said.line_ref, tuple(refund.UnitRange(lo, hi) for lo, hi in ranges))
        terms = terms_of(said, kind, resolution_ref=ref, promotions=self.document.promotions)
        try:
            plan = refund.quote(
                order, refunds.ledger_of(order, self.at), refund.RefundRequest((asked,), clamp=True), terms
            )
        except Refused:
            return None
        return self.reader.amount(Money(plan.total.presentment + plan.bonus, order.currency))

    def _went(self, rule: RuleTrace) -> Went:
        return Went(rule.name, rule.enabled, rule.answer, bool(rule.decides), tuple(self._facts(rule.condition, 0)))

    def _facts(self, at: Compared | Evaluated | Grouped, depth: int) -> list[Fact]:
        reader, currency = self.reader, self.here.currency
        if isinstance(at, Compared):
            wanted = told_value(at.fact, at.op, encode_value(at.wanted), reader, currency=currency)
            was = self._was(at.fact, at.value)
            return [Fact(depth, comparison(at.fact, at.op, at.wanted, wanted, reader), was, at.answer)]
        if isinstance(at, Evaluated):
            asked = [Fact(depth + 1, name, self._was(name, value), None) for name, value in at.values.items()]
            return [Fact(depth, at.text, "", at.answer), *asked]
        words = {"all": dict(GROUPINGS)["all"], "any": dict(GROUPINGS)["any"], "not": dict(GROUPINGS)["none"]}
        inner = [row for part in at.parts for row in self._facts(part, depth + 1)]
        if depth == 0 and at.kind == "all":
            return inner
        return [Fact(depth, _capital(reader.say(words[at.kind])), "", at.answer), *inner]

    def _was(self, name: str, value: object) -> str:
        if value is None:
            return self.reader.say("not known")
        if value == ():
            return self.reader.say("none")
        plain = encode_value(value)  # type: ignore[arg-type] # the value of a fact
        items = plain if isinstance(plain, list) else [plain]
        told = ", ".join(told_one(name, item, self.reader, currency=self.here.currency) for item in items)
        return self.reader.say("It is %(value)s.", value=told)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
