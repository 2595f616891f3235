"""The timeline of a return in sentences: what happened, by whom, when; what only machines did is folded away."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from retour.core.let_go import LET_GO
from retour.core.money import Money
from retour.core.shipping import carrier_name
from retour.doors.dashboard import card_words, exchange_words, fee_words, intake_words, label_words, way_words, words
from retour.doors.dashboard.acts_on_turns import TURNS
from retour.doors.dashboard.acts_on_turns import told as turn_told
from retour.doors.dashboard.marked import MARKED, beyond, marked
from retour.doors.dashboard.told import actor_name, word
from retour.doors.dashboard.whole import Whole
from retour.store.event import Event
from retour.web.parts import Entry, Text
from retour.web.reader import Reader


def timeline(whole: Whole, reader: Reader) -> tuple[list[Entry], list[Entry]]:
    """Return (what people read, what is folded away), newest first."""
    told: list[Entry] = []
    folded: list[Entry] = []
    for event in reversed(whole.events):
        entry = Entry(_text(whole, event, reader), event.at, _who(whole, event, reader))
        (folded if event.type in words.TECHNICAL else told).append(entry)
    return told, folded


def _text(whole: Whole, event: Event, reader: Reader) -> Text:
    said, data = word(reader, words.HAPPENED, event.type), event.data
    if event.type in MARKED:
        return marked(whole, event, reader)
    match event.type:
        case "return.received":
            return _units(reader, said, data)
        case "return.inspected":
            units, accepted = int(str(data.get("units", 0))), int(str(data.get("accepted", 0)))
            if units != accepted:
                return reader.say(
                    "Inspected, %(accepted)s of %(units)s units accepted",
                    accepted=reader.number(accepted), units=reader.number(units),
                )  # fmt: skip
            return _units(reader, said, data)
        case "return.requested" if "promised_minor" in data:
            amount = Money(int(str(data["promised_minor"])), whole.record.rma.currency)
            return beyond(_with(reader.say("Requested, %(amount)s expected"), reader, amount), event, reader)
        case "settlement.handed_over" | "settlement.failed" | "settlement.settled" if data.get("to") == "merchant":
            return _outside(whole, event, reader)
        case "settlement.settled" if data.get("to") == "exchange":
            return reader.say("Settled with the new order")
        case "return.exchange_stuck" if data.get("problem"):
            problem = str(data["problem"]).partition(":")[0]
            return f"{said}: {word(reader, exchange_words.PROBLEMS, problem).rstrip('.')}"
        case "return.fee_stuck" if data.get("problem"):
            problem = str(data["problem"]).partition(":")[0]
            return f"{said}: {word(reader, fee_words.PROBLEMS, problem).rstrip('.')}"
        case "return.instant_exchange.failed" | "return.instant_exchange.charged":
            return _card(said, data, reader)
        case "return.fee_unpaid" | "return.fee_paid" | "return.fee_refunded" if data.get("amount_minor"):
            amount = Money(int(str(data["amount_minor"])), whole.record.rma.currency)
            return _with(f"{said}: %(amount)s", reader, amount)
        case "return.exchange_wanted" if data.get("article"):
            named = {one.article: one.title for one in whole.wanted.values()}
            return f"{said}: {named.get(str(data['article']), data['article'])}"
        case "settlement.settled" if "amount_minor" in data:
            amount = Money(int(str(data["amount_minor"])), str(data.get("currency", whole.record.rma.currency)))
            return _with(reader.say("Refunded %(amount)s"), reader, amount)
        case "effect.confirmed" | "effect.failed" | "effect.unknown" | "effect.parked" | "effect.pending":
            call = _call(whole, data, reader)
            return f"{said}: {call}" if call else said
        case "return.parcel_updated" if "status" in data:
            return word(reader, words.PARCELS, str(data["status"]))
        case "return.label_failed" if data.get("problem"):
            return f"{said}: {word(reader, label_words.PROBLEMS, str(data['problem'])).rstrip('.')}"
        case "return.edited" if "after_minor" in data:
            amount = Money(int(str(data["after_minor"])), str(data.get("currency", whole.record.rma.currency)))
            return _with(reader.say("Changed, %(amount)s expected now"), reader, amount)
        case turn if turn in TURNS:
            return turn_told(whole, event, said, reader)
        case "return.told_elsewhere":
            stands = word(reader, intake_words.STATUSES, str(data.get("status")))
            what = reader.say("%(status)s, and not everything of it is done here", status=stands)
            return f"{said}: {what if data.get('refused') else stands}"
        case "return.rejected":
            message = next((line.message for line in whole.record.rma.lines if line.message), None)
            return f"{said}: “{message}”" if message else said
    return said


def _outside(whole: Whole, event: Event, reader: Reader) -> Text:
    """Return what happened to something that somebody else carries out, with its name and what it is worth."""
    data = event.data
    kind, ref = str(data.get("resolution", "")), data.get("resolution_ref")
    name = whole.resolution_name(reader, kind, str(ref) if ref else None)
    said = {
        "settlement.handed_over": reader.say("Handed over: %(what)s, %(amount)s"),
        "settlement.failed": reader.say("Failed outside: %(what)s, %(amount)s"),
    }.get(event.type, reader.say("Reported as done: %(what)s, %(amount)s"))
    amount = Money(int(str(data.get("amount_minor", 0))), str(data.get("currency", whole.record.rma.currency)))
    return Markup(said) % {"what": name, "amount": reader.money(amount)}  # noqa: S704 - a sentence of ours


def _who(whole: Whole, event: Event, reader: Reader) -> str | None:
    by_carrier = event.actor.startswith("carrier:") and whole.parts.shipments
    if event.type in ("return.in_transit", "return.delivered", "return.parcel_updated") and by_carrier:
        parcel = whole.parts.shipments[-1]
        return f"{carrier_name(parcel.carrier)} {parcel.tracking_number}"
    if event.actor == "policy":
        return reader.say("Policy v%(version)s, automatically", version=whole.head.policy_version)
    if event.actor.partition(":")[0] == "shopper":
        channel = word(reader, way_words.CHANNELS, str(whole.summary["channel"]))
        return (
            reader.say("Shopper, %(channel)s", channel=channel)
            if event.type == "return.requested"
            else reader.say("Shopper")
        )
    return actor_name(reader, event.actor, whole.names)


def _card(said: str, data: Mapping[str, Any], reader: Reader) -> str:
    """Return what became of a card, with why it refused, or that somebody did it at the provider."""
    if data.get("elsewhere"):
        return reader.say("Card charged at the provider")
    if data.get("because") == LET_GO and "said" in data:
        return reader.say("Card no longer held: let go at the provider")
    why = data.get("because")
    return f"{said}: {word(reader, card_words.PROBLEMS, str(why)).rstrip('.')}" if why else said


def _units(reader: Reader, said: str, data: Mapping[str, Any]) -> str:
    units = int(str(data.get("units", 0)))
    told = reader.say_plural("%(what)s, %(n)s unit", "%(what)s, %(n)s units", units, what=said)
    surplus = int(str(data.get("surplus", 0)))
    if surplus:
        told += " " + reader.say_plural("(%(n)s more than announced)", "(%(n)s more than announced)", surplus)
    return told


def _with(sentence: str, reader: Reader, amount: Money) -> Markup:
    return Markup(sentence) % {"amount": reader.money(amount)}  # noqa: S704 - a sentence of ours without its amount


def _call(whole: Whole, data: Mapping[str, Any], reader: Reader) -> str:
    wanted = str(data.get("effect_id", ""))
    found = next((e for e in whole.effects if str(e.id) == wanted), None)
    if found is not None:
        return word(reader, words.EFFECTS, found.kind.value)
    return word(reader, words.EFFECTS, str(data["kind"])) if "kind" in data else ""
