"""The next step of a return: what it is, what follows by itself, and the one button for whoever may press it."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from markupsafe import Markup

from retour.core.account import Role
from retour.core.label import lacks_sender
from retour.core.money import Money
from retour.core.ports import PlatformQuote
from retour.core.refund import RowKind
from retour.core.rma.axes import PEOPLE, answers_for
from retour.doors.dashboard import acts_on_exchanges, acts_on_fees, card_words, label_words, words
from retour.doors.dashboard.told import mark_of, since, word
from retour.doors.dashboard.whole import Allowed, Whole
from retour.store.desk.board import Stops
from retour.store.effect import EffectRow
from retour.store.refund import SettlementRow
from retour.web.parts import Mark, Text
from retour.web.reader import Reader


@dataclass(frozen=True, slots=True)
class Step:
    """The panel of the next step; `action` and `second` are (label, address), nothing where the reader cannot act."""

    mark: Mark
    title: str
    text: Text
    action: tuple[str, str] | None = None
    second: tuple[str, str] | None = None


def next_step(whole: Whole, may: Allowed, role: Role, reader: Reader, stops: Stops) -> Step | None:
    """Return the next step of an open return, or of the trouble a closed one left; nothing when nothing waits."""
    code, actor, at = whole.blocked_code, whole.blocked_actor, whole.blocked_since
    if code is None or actor is None or at is None:
        return None
    is_mine = actor in answers_for(role)
    mark = mark_of(code, person=actor in PEOPLE)
    waits = _waits(reader, actor, is_mine=is_mine, when=since(reader, at))
    text = _sentences(waits, _follows(whole, code, reader, stops))
    if not is_mine and actor in PEOPLE:
        text = _sentences(text, _who_can(reader, actor))
    action, second = _buttons(whole, code, may, reader)
    return Step(mark, _title(whole, code, reader), text, action, second)


def _waits(reader: Reader, actor: str, *, is_mine: bool, when: str) -> str:
    if is_mine:
        return reader.say("Waits for you since %(when)s.", when=when)
    if actor == "retour":
        return reader.say("Since %(when)s.", when=when)
    return reader.say("Waits for %(who)s since %(when)s.", who=word(reader, words.WHO, actor), when=when)


def _title(whole: Whole, code: str, reader: Reader) -> str:
    n = sum(line.quantity for line in whole.undecided())
    match code:
        case "decision_needed":
            return reader.say_plural("Decide on %(n)s unit", "Decide on %(n)s units", n)
        case "awaiting_inspection":
            units = sum(count for _, count in whole.uninspected())
            return reader.say_plural("Inspect %(n)s unit", "Inspect %(n)s units", units)
        case "awaiting_receipt":
            units = sum(count for _, count in whole.expected())
            return reader.say_plural("Receive %(n)s unit", "Receive %(n)s units", units)
        case "effect_failed" if whole.refused_money() is not None:
            return reader.say(words.REFUND_REFUSED)
    waiting = whole.unreported()
    if waiting is not None and code in ("awaiting_payout", "payout_failed"):
        return reader.say(words.OUTSIDE.get(waiting.resolution, words.QUEUE[code][0]))
    return reader.say(words.QUEUE[code][0]) if code in words.QUEUE else code


def _follows(whole: Whole, code: str, reader: Reader, stops: Stops) -> Text:
    """Return what the reader should know before acting: what happened, what is safe, what follows by itself."""
    say = reader.say
    if code in ("effect_in_flight", "work_in_progress") and (stops.kill_switch or stops.quarantined):
        return say("All outside calls are stopped; nothing is sent until an operator lets it go on.")
    match code:
        case "platform_disagrees":
            return _differs(whole, reader)
        case "effect_failed":
            failed = whole.refused_call() if whole.refused_money() is None else _refund_call(whole)
            reason = f"{failed.message.rstrip('.')}. " if failed is not None and failed.message else ""
            safe = say("No money moved.") if whole.refused_money() is not None else say("Nothing happened there.")
            return f"{reason}{safe}"
        case "effect_unknown":
            return say("The platform did not answer. Whether it happened is still open; nothing is sent twice.")
        case "awaiting_payout" | "payout_failed":
            return _outside(whole, code, reader)
        case "exchange_stuck" | "exchange_unpaid":
            waiting = acts_on_exchanges.stuck_one(whole)
            problem = acts_on_exchanges.problem_of(waiting, reader) if waiting is not None else None
            return _sentences(problem or "", say(words.QUEUE[code][1]))
        case "card_failed" | "card_refused":
            why = whole.cards[0].problem if whole.cards else None
            return _sentences(word(reader, card_words.PROBLEMS, why) if why else "", say(words.QUEUE[code][1]))
        case "fee_stuck" | "fee_unpaid":
            problem = acts_on_fees.problem_of(whole.record.rma.fee, reader)
            return _sentences(problem or "", say(words.QUEUE[code][1]))
        case "decision_needed":
            return _asks_for_review(whole, reader)
        case "held":
            note = next((n.body for n in reversed(whole.parts.notes) if not n.shown_to_shopper), None)
            return f"“{note}”" if note else say("The automatic steps are stopped until somebody releases the hold.")
        case "info_needed" if whole.question is not None:
            return f"“{whole.question.question}”"
        case "awaiting_shipment":
            return say("Nothing is due until the parcel is handed over. The shopper can still cancel.")
        case "awaiting_visit":
            return say("The shopper brings the items to a counter. Staff take them in there, and all else follows.")
        case "in_transit":
            return say("The carrier tells us when it arrives.")
        case "label_failed":
            why = next((b.problem for b in whole.record.rma.labels if b.problem), None)
            nobody = say("The shopper is told nothing until there is one, or you go on without.")
            return _sentences(word(reader, label_words.PROBLEMS, why) if why else "", nobody)
        case "awaiting_rest":
            return say("Part of it is here. Cancel the rest if it will not come.")
    return say(words.QUEUE[code][1]) if code in words.QUEUE and words.QUEUE[code][1] else ""


def _buttons(
    whole: Whole, code: str, may: Allowed, reader: Reader
) -> tuple[tuple[str, str] | None, tuple[str, str] | None]:
    say, at = reader.say, whole.url
    known: dict[str, Sequence[tuple[str, str]]] = {
        "decision_needed": [(say("Approve"), "approve"), (say("Reject"), "reject")],
        "fraud_review": [(say("Approve"), "approve"), (say("Reject"), "reject")],
        "info_needed": [(say("Write down the answer"), "answer")],
        "awaiting_inspection": [(say("Start inspection"), "inspect")],
        "awaiting_receipt": [(say("Receive"), "receive")],
        "held": [(say("Release the hold"), "release")],
        "second_approval": [(say("Look at the payment"), "second")],
        "platform_disagrees": [(say("Compare the amounts"), "accept"), (say("Pay another way"), "by-hand")],
        "effect_unknown": [(say("Look again"), "look-again")],
        "awaiting_payout": [(say("Report as paid"), "report"), (say("It failed"), "report-failed")],
        "awaiting_repair": [
            (say("Begin the repair"), "begin-repair"),
            (say("It cannot be repaired"), "refund-instead"),
        ],
        "awaiting_replacement": [(say("Sent"), "send-back"), (say("Refund instead"), "refund-instead")],
        "in_repair": [(say("Sent back"), "send-back"), (say("It cannot be repaired"), "refund-instead")],
        "payout_failed": [(say("Report as paid"), "report")],
        "exchange_stuck": [(say("Decide"), "exchange-decide"), (say("Name another article"), "exchange-article")],
        "exchange_unpaid": [(say("Decide"), "exchange-decide")],
        "card_failed": [(say("Decide"), "card")],
        "card_refused": [(say("Decide"), "card")],
        "fee_stuck": [(say("Decide"), "fee-decide"), (say("Waive fees"), "waive-fees")],
        "fee_unpaid": [(say("Waive fees"), "waive-fees"), (say("Decide"), "fee-decide")],
        "awaiting_restock": [(say("Report the restock"), "restocked")],
        "effect_failed": [
            (say("Refund again"), "pay-again") if whole.refused_money() is not None else (say("Try again"), "try-again")
        ],
        "label_failed": [
            (say("Change address"), "address") if lacks_sender(whole.record.rma) else (say("Try again"), "label-again"),
            (say("Go on without"), "label-without"),
        ],
        "parcel_exception": [(say("Receive"), "receive"), (say("Treat as lost"), "lost")],
        "awaiting_rest": [(say("Cancel the rest"), "cancel")],
    }
    links = [(label, f"{at}/{act}") for label, act in known.get(code, ()) if act in may]
    if code == "needs_reconnect":
        links = [(say("Open the connections"), "/dashboard/settings/connections")]
    if code == "payments_paused":
        links = [(say("Open the setting"), "/dashboard/settings/payments")]
    if code == "nowhere_to_restock":
        links = [(say("Open the shop's settings"), "/dashboard/settings/store")]
    return (links[0] if links else None, links[1] if len(links) > 1 else None)


def _who_can(reader: Reader, actor: str) -> str:
    return reader.say("%(who)s can act here.", who=first_upper(word(reader, words.WHO, actor)))


def _differs(whole: Whole, reader: Reader) -> Text:
    """Return both computations in one sentence (what the platform would pay, what we would)."""
    disputed = whole.disputed()
    theirs = platform_total(disputed.platform_quote) if disputed else None
    safe = reader.say("The refund is on hold until somebody decides.")
    if disputed is None or theirs is None:
        return safe
    money = reader.money
    said = Markup(reader.say("The platform says %(theirs)s, Retour says %(ours)s."))  # noqa: S704 - our own words
    both = said % {
        "theirs": money(Money(theirs, disputed.currency)), "ours": money(Money(our_total(disputed), disputed.currency)),
    }  # fmt: skip
    return _sentences(both, safe)


def platform_total(quote: object) -> int | None:
    """Return what the platform computed for the same units and their shipping, in presentment minor units, if it told."""
    if not isinstance(quote, dict) or not quote.get("lines"):
        return None
    told = msgspec.convert(quote, PlatformQuote)
    return sum(gross.presentment for gross, _ in told.lines.values()) + told.shipping.presentment


def our_total(settlement: SettlementRow) -> int:
    """Return what we computed for the same, before deductions and fees: what the platform's figure is compared with."""
    rows = settlement.plan.rows
    units = sum(row.entitlement.presentment for row in rows if row.kind is RowKind.UNITS)
    return units + sum(row.payable.presentment for row in rows if row.kind is RowKind.SHIPPING)


def _outside(whole: Whole, code: str, reader: Reader) -> Text:
    """Return what is to be carried out outside, what it is worth, and that nothing is sent by itself."""
    waiting = whole.unreported()
    if waiting is None:
        return ""
    record = whole.records.get(waiting.resolution_ref or "")
    name = whole.resolution_name(reader, waiting.resolution, waiting.resolution_ref)
    worth = Money(waiting.total_minor + waiting.plan.bonus, waiting.currency)
    what = Markup(reader.say("%(what)s, worth %(amount)s.")) % {"what": name, "amount": reader.money(worth)}  # noqa: S704
    where = (
        reader.say("It is paid through %(service)s.", service=record.integration)
        if record and record.integration
        else ""
    )
    failed = (
        reader.say("It failed before: “%(why)s”.", why=waiting.report_note or "") if code == "payout_failed" else ""
    )
    return _sentences(failed, what, where, reader.say("Retour sends nothing; your report settles it."))


def _asks_for_review(whole: Whole, reader: Reader) -> str:
    for line in whole.parts.decision:
        outcome = line["rulings"]["decision"]["outcome"]
        rule = whole.head.rule(line["rulings"]["decision"]["rule"])
        if outcome.get("message"):
            return str(outcome["message"])
        if rule:
            return reader.say("The rule “%(rule)s” asks for a person.", rule=rule)
    return reader.say("No rule approves it by itself.")


def _refund_call(whole: Whole) -> EffectRow | None:
    failed = whole.refused_money()
    return next((e for e in whole.effects if failed is not None and e.id == failed.effect_id), None)


def _sentences(*parts: Text) -> Text:
    return Markup(" ").join(part for part in parts if part)


def first_upper(text: str) -> str:
    """Return a text that begins a sentence; the rest keeps its letters (German nouns)."""
    return text[:1].upper() + text[1:]
