"""Where a return stands, as the next thing in the shopper's life; and what happened to it, in sentences."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from retour.core.event import EventType
from retour.core.label import NO_SENDER
from retour.core.money import Money
from retour.core.order import TenderKind
from retour.core.policy.outcome import MethodKind, ResolutionKind
from retour.core.rma import Decision, Moment, SettlementState
from retour.core.rma.state import NOTHING, STAYS
from retour.store.db import Record
from retour.store.event import Event
from retour.store.refund import SettlementRow
from retour.web.parts import Entry
from retour.web.reader import Reader

_DECIDED: Final = frozenset(
    {EventType.RETURN_APPROVED.value, EventType.RETURN_REJECTED.value, EventType.RETURN_CANCELLED.value}
)
PAID: Final = frozenset({SettlementState.SETTLED, SettlementState.HANDED_OVER})


@dataclass(frozen=True, slots=True)
class Standing:
    """What the first lines of the status page say; `waits` names whom it waits for, `for_you` that it is the shopper."""

    heading: str
    text: str
    waits: str | None = None
    for_you: bool = False


def standing(
    row: Record,
    settlements: Sequence[SettlementRow],
    reader: Reader,
    *,
    shop: str,
    chosen: str = "",
    appeal: str | None = None,
) -> Standing:
    """Return where a return stands (`row` of the view of one return); `chosen` is the name of what the shopper gets.

    `appeal` is what the shop says to a shopper whose request a person looks at because of signs of abuse.
    """
    say, status = reader.say, Decision(row["status"])
    settlements = [s for s in settlements if s.state is not SettlementState.REVERSED]  # nothing came of these
    if row["blocked_code"] == "info_needed":
        until = _by(row, "answer_by", say("Please answer by %(day)s; after that it expires."), reader)
        text = _joined(say("Your return goes on as soon as you have answered."), until)
        return Standing(say("The shop has a question"), text, say("Waits for your answer"), for_you=True)
    if row["blocked_code"] == "exchange_unpaid":
        return _unpaid(row, reader)
    if row["blocked_code"] == "fee_unpaid":
        return _fee_unpaid(row, reader)
    if status in (Decision.REQUESTED, Decision.IN_REVIEW, Decision.REOPENED):
        text = say("We have your request. You get a mail as soon as it is decided; keep the items until then.")
        if row["blocked_code"] == "fraud_review":
            text = appeal or say(
                "A person of the shop looks at your request before it is decided."
                " If there is something they should know, write to the shop."
            )
        return Standing(say("The shop is checking your request"), text, say("Waits for %(shop)s", shop=shop))
    if status is Decision.REJECTED:
        return Standing(
            say("The shop did not accept this return"), say("Nothing needs to be sent. The reason is below.")
        )
    if status is Decision.CANCELLED:
        return Standing(say("This return was cancelled"), say("Nothing needs to be sent. You can start a new one."))
    if status is Decision.EXPIRED:
        text = say("No parcel or answer came in time. Ask the shop if you sent one, or start a new return.")
        return Standing(say("This return has expired"), text)
    if settlements and all(s.state in PAID for s in settlements) and status is Decision.RESOLVED:
        if row["gift"]:
            return Standing(say("This return is complete"), say("You got: %(what)s.", what=chosen))
        return _paid(settlements, reader, chosen)
    return _on_its_way(row, settlements, reader, shop=shop, chosen=chosen)


def _unpaid(row: Record, reader: Reader) -> Standing:
    """Return what is said while the difference of an exchange is to be paid."""
    told = json.loads(row["evidence"] or "{}")
    amount = reader.amount(Money(int(told["amount_minor"]), row["currency"]))
    text = _joined(
        reader.say("Your new item costs %(amount)s more. It is sent as soon as you have paid the invoice.", amount=amount),
        _by(row, "pay_by", reader.say("Pay by %(day)s; after that the value of your return is paid out instead."), reader),
    )  # fmt: skip
    return Standing(reader.say("Pay the difference"), text, reader.say("Waits for you: pay the invoice"), for_you=True)


def _fee_unpaid(row: Record, reader: Reader) -> Standing:
    """Return what is said while a fee is to be paid before the goods are sent."""
    told = json.loads(row["evidence"] or "{}")
    amount = reader.amount(Money(int(told["amount_minor"]), row["currency"]))
    text = _joined(
        reader.say(
            "Your return is approved. It goes on as soon as you have paid the fee of %(amount)s.", amount=amount
        ),
        reader.say("Keep the items until then. The fee is not taken off your refund again."),
        _by(row, "pay_by", reader.say("Pay by %(day)s; after that your return expires."), reader),
    )
    return Standing(reader.say("Pay the fee"), text, reader.say("Waits for you: pay the fee"), for_you=True)


def pays(row: Record) -> bool:
    """Return whether anything is still to be paid, or was."""
    return Decision(row["status"]) not in (Decision.REJECTED, Decision.CANCELLED, Decision.EXPIRED)


def _on_its_way(
    row: Record, settlements: Sequence[SettlementRow], reader: Reader, *, shop: str, chosen: str
) -> Standing:
    """Return where the goods and the money stand; what was paid before the goods were seen does not mean they were."""
    ahead = [s for s in settlements if s.moment is not Moment.INSPECTED and row["method"] not in STAYS]
    judged = [s for s in settlements if s not in ahead]
    found = _underway(row, judged, reader, shop=shop, chosen=chosen)
    if ahead and not _is_no_refund(ahead) and all(s.state in PAID for s in ahead):
        return replace(found, text=reader.say("%(text)s Your money was sent already.", text=found.text))
    return found


def _underway(row: Record, settlements: Sequence[SettlementRow], reader: Reader, *, shop: str, chosen: str) -> Standing:
    say, code = reader.say, row["blocked_code"]
    if settlements and code != "awaiting_rest" and _is_no_refund(settlements):
        return _prepared(row, settlements, reader, shop=shop, chosen=chosen)
    if settlements and code != "awaiting_rest":
        text = say("Your items are checked. The shop is paying you back.")
        if row["method"] in STAYS:
            text = say("Nothing needs to be sent. The shop is paying you back.")
        return Standing(say("Your money is on its way"), text, say("Waits for %(shop)s", shop=shop))
    if code == "awaiting_rest":
        text = say("A part of your parcel has arrived. Send the rest, or tell the shop that you keep it.")
        return Standing(say("Send the rest of your items"), text, say("Waits for you"), for_you=True)
    if row["received_at"] is not None:
        text = say("Your parcel has arrived and the items are being checked.")
        return Standing(say("The shop is checking your items"), text, say("Waits for %(shop)s", shop=shop))
    if row["delivered_at"] is not None:
        text = say("The carrier has delivered it. The shop opens it next.")
        return Standing(say("Your parcel has arrived"), text, say("Waits for %(shop)s", shop=shop))
    if code == "parcel_exception":
        text = say("The carrier reports a problem. The shop is looking into it; you need to do nothing.")
        return Standing(say("Your parcel is held up"), text, say("Waits for %(shop)s", shop=shop))
    if row["in_transit_at"] is not None:
        text = say("The carrier has it. You get a mail when it has arrived.")
        return Standing(say("Your parcel is on its way"), text, say("Waits for the carrier"))
    if row["method"] == NOTHING:
        text = say("Nothing needs to be sent.")
        return Standing(say("The shop is paying you back"), text, say("Waits for %(shop)s", shop=shop))
    if row["method"] == MethodKind.KEEP_ITEM.value:
        text = say("Nothing needs to be sent.")
        return Standing(say("You keep the items"), text, say("Waits for %(shop)s", shop=shop))
    if code == "fee_stuck":
        text = say("The shop is preparing the invoice for its fee. Keep the items until you have paid it.")
        return Standing(say("Your return is approved"), text, say("Waits for %(shop)s", shop=shop))
    if code == "label_failed" and json.loads(row["evidence"] or "{}").get("problem") in NO_SENDER:
        text = say("The shop does not know where you are. Enter your address, and you get the label by mail.")
        return Standing(say("Your return is approved"), text, say("Waits for you: enter your address"), for_you=True)
    if code == "label_failed":
        text = say("The shop is preparing your label. You get a mail with it; keep the items until then.")
        return Standing(say("Your return is approved"), text, say("Waits for %(shop)s", shop=shop))
    if row["method"] == MethodKind.IN_STORE.value:
        text = _joined(
            say("Your return is approved. Show the code at the counter; the items are looked at there."),
            _by(row, "send_by", say("Come by %(day)s; after that it expires."), reader),
        )
        return Standing(
            say("Bring the items to the shop"), text, say("Waits for you: come to the counter"), for_you=True
        )
    text = _joined(
        say("Your return is approved. Pack the items and send them back."),
        _by(row, "send_by", say("Hand the parcel over by %(day)s; after that it expires."), reader),
    )
    return Standing(say("Send your parcel"), text, say("Waits for you: send the parcel"), for_you=True)


def _by(row: Record, name: str, sentence: str, reader: Reader) -> str:
    """Return a sentence with the day of a deadline of the blocker, or nothing where there is none."""
    moment = json.loads(row["evidence"] or "{}").get(name)
    return sentence % {"day": reader.day(datetime.fromisoformat(moment))} if moment else ""


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _is_no_refund(settlements: Sequence[SettlementRow]) -> bool:
    return all(s.resolution != ResolutionKind.REFUND_ORIGINAL for s in settlements)


def _prepared(row: Record, settlements: Sequence[SettlementRow], reader: Reader, *, shop: str, chosen: str) -> Standing:
    """Return where a return stands whose settlement the shop itself carries out."""
    say, kinds = reader.say, {s.resolution for s in settlements}
    waits = say("Waits for %(shop)s", shop=shop)
    if kinds == {ResolutionKind.REPAIR}:
        if all(s.begun_at is None for s in settlements):
            return Standing(say("Your item is waiting for its repair"), say("It is here and checked."), waits)
        return Standing(say("The shop is repairing your item"), say("You get it back when it is done."), waits)
    if row["method"] == MethodKind.KEEP_ITEM.value:
        return Standing(say("You keep the items"), say("The shop takes care of the rest."), waits)
    text = say("Your items are checked. You get a mail when it is done.")
    return Standing(say("The shop is preparing: %(what)s", what=chosen), text, waits)


def _paid(settlements: Sequence[SettlementRow], reader: Reader, chosen: str) -> Standing:
    say = reader.say
    total = sum(s.total_minor + s.plan.bonus for s in settlements)
    if _is_no_refund(settlements):
        return _issued(settlements, reader, chosen, total)
    if total == 0:
        return Standing(say("This return is complete"), say("Nothing had to be paid back."))
    money = reader.amount(Money(total, settlements[0].currency))
    legs = {leg.kind for s in settlements for leg in s.plan.legs}
    heading = say("%(amount)s is on its way to you", amount=money)
    if legs == {TenderKind.CARD}:
        return Standing(heading, say("It goes to your card. Banks take 3 to 5 days."))
    return Standing(heading, say("It goes back the way you paid. Where it goes is shown below."))


def _issued(settlements: Sequence[SettlementRow], reader: Reader, chosen: str, total: int) -> Standing:
    """Return where a return stands for which the shop gave something else than a refund."""
    say, kinds = reader.say, {s.resolution for s in settlements}
    if kinds <= {ResolutionKind.REPAIR, ResolutionKind.REPLACEMENT}:
        if all(s.outcome == "replaced" for s in settlements):
            return Standing(say("You get another one"), say("It is on its way to you in place of yours."))
        return Standing(say("Your item is repaired"), say("It is on its way back to you."))
    if kinds == {ResolutionKind.EXCHANGE} or not total:
        return Standing(say("This return is complete"), say("You got: %(what)s.", what=chosen))
    money = reader.amount(Money(total, settlements[0].currency))
    return Standing(
        say("%(what)s: %(amount)s", what=chosen, amount=money), say("The shop has taken care of it. The sum is below.")
    )


def timeline(events: Sequence[Event], reader: Reader, *, shop: str) -> list[Entry]:
    """Return what happened, newest first, in words for the shopper; what concerns only the house is left out."""
    said = _sentences(reader)
    entries = []
    for event in events:
        text = said.get(event.type)
        if event.type == EventType.SETTLEMENT_SETTLED.value and event.data.get("to") in ("merchant", "exchange"):
            text = reader.say("The shop has taken care of it")
        if event.type == EventType.SETTLEMENT_SETTLED.value and not event.data.get("amount_minor", 1):
            text = None
        if text is not None:
            entries.append(Entry(text, event.at, _who(event, reader, shop=shop)))
    return entries[::-1]


def _sentences(reader: Reader) -> Mapping[str, str]:
    say = reader.say
    return {
        EventType.RETURN_REQUESTED.value: say("Return requested"),
        EventType.RETURN_APPROVED.value: say("Return approved"),
        EventType.RETURN_REJECTED.value: say("Return not accepted"),
        EventType.RETURN_CANCELLED.value: say("Return cancelled"),
        EventType.RETURN_INFO_ASKED.value: say("The shop asked you something"),
        EventType.RETURN_INFO_GIVEN.value: say("You answered"),
        EventType.RETURN_WRITTEN.value: say("You wrote to the shop"),
        EventType.RETURN_MOVED.value: say("Address changed"),
        EventType.RETURN_EXPIRED.value: say("Return expired"),
        EventType.RETURN_IN_TRANSIT.value: say("The carrier has your parcel"),
        EventType.RETURN_DELIVERED.value: say("Your parcel was delivered"),
        EventType.RETURN_RECEIVED.value: say("The shop received your parcel"),
        EventType.RETURN_INSPECTED.value: say("The shop checked your items"),
        EventType.SETTLEMENT_SETTLED.value: say("Your money was sent"),
        EventType.SETTLEMENT_HANDED_OVER.value: say("The shop takes care of it itself"),
        EventType.FEE_UNPAID.value: say("You got an invoice for the fee"),
        EventType.FEE_PAID.value: say("You paid the fee"),
        EventType.FEE_REFUNDED.value: say("The fee was paid back"),
        EventType.EXCHANGE_UNPAID.value: say("You got an invoice for the difference"),
        EventType.EXCHANGE_MADE.value: say("Your new item is ordered"),
        EventType.EXCHANGE_CANCELLED.value: say("The order of your new item was cancelled"),
        EventType.RETURN_RESOLVED.value: say("Return complete"),
        EventType.RETURN_REPAIR_BEGUN.value: say("The shop began the repair"),
        EventType.RETURN_SENT_BACK.value: say("Your item was sent to you"),
    }


def _who(event: Event, reader: Reader, *, shop: str) -> str | None:
    if event.actor.startswith("shopper"):
        return reader.say("You")
    if event.type in _DECIDED and event.actor.startswith(("staff", "key", "cli")):
        return shop
    return None
