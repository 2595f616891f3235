"""What a rule or the defaults decide, told in sentences the way a merchant would say it to a colleague."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, cast

from retour.core.money import Money
from retour.core.policy.outcome import ShippingRefund
from retour.doors.dashboard.policy import outcome_forms as forms
from retour.doors.dashboard.policy.conditions import told_condition
from retour.doors.dashboard.policy.fact_words import joined
from retour.doors.dashboard.policy.values import TENDERS, country_name
from retour.doors.dashboard.policy_words import SHIPPING
from retour.web.reader import Reader

Json = Mapping[str, object]


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


@dataclass(frozen=True, slots=True)
class Told:
    """One rule in words; `number` counts from one, in the order that decides."""

    number: int
    id: str
    name: str
    enabled: bool
    when: str
    then: Mapping[str, Sequence[str]]  # sentences by group

    @property
    def sentences(self) -> list[str]:
        """Return what the rule decides, group after group."""
        return [sentence for said in self.then.values() for sentence in said]


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells a policy to a reader; `records` are the names of the merchant's own resolutions and places by id."""

    reader: Reader
    currency: str
    records: Mapping[str, str] = field(default_factory=dict)

    def rules(self, document: Json) -> list[Told]:
        """Return every rule of a document in words."""
        return [self.rule(rule, n) for n, rule in enumerate(cast("list[Json]", document["rules"]), start=1)]

    def rule(self, rule: Json, number: int) -> Told:
        """Return one rule in words."""
        then = {name: self.outcome(name, said) for name, said in cast("Mapping[str, Json]", rule["then"]).items()}
        ordered = {name: then[name] for name in forms.GROUPS if name in then}
        when = self.when(rule.get("when"))
        return Told(number, str(rule["id"]), str(rule["name"]), bool(rule.get("enabled", True)), when, ordered)

    def when(self, condition: object) -> str:
        """Return the condition of a rule as the beginning of a sentence."""
        told = told_condition(condition, self.reader, currency=self.currency)
        return self.reader.say("When %(what)s", what=told) if told else self.reader.say("Always")

    def defaults(self, document: Json) -> list[tuple[str, list[str]]]:
        """Return (question, sentences) of every group for what no rule decides."""
        said = cast("Mapping[str, Json]", document["defaults"])
        return [
            (self.reader.say(forms.GROUPS[name]), self.outcome(name, said.get(name, {}))) for name in forms.IN_ORDER
        ]

    def outcome(self, group: str, said: Json) -> list[str]:
        """Return the outcome of one group in sentences."""
        return list(_TELL[group](self, said))

    def money(self, minor: object) -> str:
        """Return an amount of the policy."""
        return self.reader.amount(Money(cast("int", minor), self.currency))

    def share(self, bp: object) -> str:
        """Return basis points as a percentage."""
        return self.reader.percent(cast("int", bp))

    def quoted(self, text: object) -> str:
        """Return words that shoppers or staff read, in quotation marks."""
        return self.reader.say("“%(text)s”", text=text)


def _number(said: Json, name: str) -> int:
    value = said.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _rows(said: Json, name: str) -> list[Json]:
    value = said.get(name)
    return cast("list[Json]", value) if isinstance(value, list) else []


def _inner(said: Json, name: str) -> Json | None:
    value = said.get(name)
    return value if isinstance(value, dict) else None


def _span(days: int, anchor: str, reader: Reader, *, working: bool) -> str:
    """Return how long a window is and from which day it counts."""
    if working:
        if anchor == "delivered":
            return reader.say_plural(
                "within %(n)s working day of delivery", "within %(n)s working days of delivery", days
            )
        if anchor == "fulfilled":
            return reader.say_plural(
                "within %(n)s working day of dispatch", "within %(n)s working days of dispatch", days
            )
        return reader.say_plural(
            "within %(n)s working day of the order", "within %(n)s working days of the order", days
        )
    if anchor == "delivered":
        return reader.say_plural("within %(n)s day of delivery", "within %(n)s days of delivery", days)
    if anchor == "fulfilled":
        return reader.say_plural("within %(n)s day of dispatch", "within %(n)s days of dispatch", days)
    return reader.say_plural("within %(n)s day of the order", "within %(n)s days of the order", days)


_INSTEAD: Final = {
    "delivered": _("the delivery"),
    "fulfilled": _("the dispatch"),
    "ordered": _("the order"),
}


def _eligibility(by: Teller, said: Json) -> Iterator[str]:
    say, mode = by.reader.say, said.get("mode")
    if mode == "always":
        yield say("It can come back at any time.")
    elif mode == "never":
        yield (
            say("It cannot come back: final sale.")
            if said.get("because") == "final_sale"
            else say("It cannot come back.")
        )
    else:
        yield from _window(by, said)
    if said.get("message"):
        yield say("Shoppers read: %(text)s", text=by.quoted(said["message"]))


def _window(by: Teller, said: Json) -> Iterator[str]:
    reader, starts = by.reader, _rows(said, "counted_from")
    last = said.get("until")
    if starts and said.get("window_days") is not None:
        working = said.get("days") == "working"
        span = _span(_number(said, "window_days"), str(starts[0]["day"]), reader, working=working)
        yield reader.say("It can come back %(span)s.", span=span)
    elif last:
        yield reader.say("It can come back until %(day)s.", day=reader.day(date.fromisoformat(str(last))))
    if starts and last:
        yield reader.say("But not after %(day)s.", day=reader.day(date.fromisoformat(str(last))))
    for start in starts[1:]:
        what = reader.say(_INSTEAD[str(start["day"])])
        if _number(start, "plus_days"):
            yield reader.say_plural(
                "Where that day is not known, %(n)s day after %(what)s counts.",
                "Where that day is not known, %(n)s days after %(what)s count.", _number(start, "plus_days"), what=what,
            )  # fmt: skip
        else:
            yield reader.say("Where that day is not known, %(what)s counts.", what=what)
    if said.get("extend"):
        yield reader.say("A window that would end on a day off ends on the next working day.")


_OFFERED: Final = {
    "refund_original": _("a refund to what was paid with"),
    "store_credit": _("store credit"),
    "gift_card": _("a gift card"),
    "exchange": _("an exchange"),
    "refund_service": _("a refund through a service"),
    "keep_item": _("a refund, and the item is kept"),
    "repair": _("a repair"),
}
_WAYS: Final = {
    "label": _("with a prepaid label"),
    "drop_off": _("at a drop-off point"),
    "own_carrier": _("with a carrier of the shopper’s choice"),
    "keep_item": _("not at all: nothing is sent back"),
}


def _resolutions(by: Teller, said: Json) -> Iterator[str]:
    offers, say = _rows(said, "offered"), by.reader.say
    if not offers:
        yield say("Nothing is offered.")
        return
    names = [_offer_name(by, offer) for offer in offers]
    yield say("Shoppers are offered %(what)s.", what=joined(names, by.reader, alternatives=True))
    for offer, name in zip(offers, names, strict=True):
        yield from _offer_terms(by, offer, name)


def _offer_name(by: Teller, offer: Json) -> str:
    name = by.reader.say(_OFFERED[str(offer["kind"])])
    record = by.records.get(str(offer.get("ref")))
    return by.reader.say("%(name)s (%(record)s)", name=name, record=record) if record else name


def _offer_terms(by: Teller, offer: Json, name: str) -> Iterator[str]:
    say = by.reader.say
    if _number(offer, "share_bp") not in (0, 10_000):
        yield say("For %(offer)s, %(share)s of the value is given.", offer=name, share=by.share(offer["share_bp"]))
    bonus, fee, exchange = (_inner(offer, part) for part in ("bonus", "restocking_fee", "exchange"))
    if bonus:
        yield say("On top of %(offer)s comes a bonus of %(amount)s.", offer=name, amount=_amount(by, bonus))
    if fee:
        yield say("From %(offer)s a restocking fee of %(amount)s is kept.", offer=name, amount=_amount(by, fee))
    if exchange:
        yield from _exchange(by, exchange)


def _exchange(by: Teller, said: Json) -> Iterator[str]:
    say = by.reader.say
    if said.get("items") == "any_product":
        yield say("It is exchanged for any product.")
    else:
        yield say("It is exchanged for another variant.")
    low, high = _number(said, "free_from_bp") or 10_000, _number(said, "free_to_bp") or 10_000
    if (low, high) != (10_000, 10_000):
        yield say("From %(low)s to %(high)s of the price the exchange is even.", low=by.share(low), high=by.share(high))
    for name, options, text in (
        ("up", forms.UP, _("When the new item costs more: %(what)s.")),
        ("down", forms.DOWN, _("When the new item costs less: %(what)s.")),
    ):
        words = dict(options).get(str(said.get(name, options[0][0])), "")
        what = by.reader.say(words)
        yield say(text, what=what[:1].lower() + what[1:])


def _amount(by: Teller, said: Json) -> str:
    """Return a fee or a bonus: a share, a fixed amount, the carrier's cost, and the most of them together."""
    say, parts = by.reader.say, []
    if said.get("actual_cost"):
        parts.append(say("what the carrier charges"))
    if _number(said, "bp"):
        listed = said.get("of") == "listed"
        text = say("%(share)s of the price before discounts") if listed else say("%(share)s of the value")
        parts.append(text % {"share": by.share(said["bp"])})
    if _number(said, "fixed_minor"):
        amount = by.money(said["fixed_minor"])
        parts.append({
            "unit": say("%(amount)s for each unit", amount=amount),
            "line": say("%(amount)s for each item", amount=amount),
            "parcel": say("%(amount)s for each parcel", amount=amount),
            "return": say("%(amount)s for the return", amount=amount),
        }.get(str(said.get("per", "return")), amount))  # fmt: skip
    told = " + ".join(parts) or by.money(0)
    if said.get("at_most_minor"):
        return say("%(what)s, at most %(most)s", what=told, most=by.money(said["at_most_minor"]))
    return told


def _methods(by: Teller, said: Json) -> Iterator[str]:
    offers, say = _rows(said, "offered"), by.reader.say
    if not offers:
        yield say("There is no way to send it back.")
        return
    names = [say(_WAYS[str(offer["kind"])]) for offer in offers]
    yield say("It comes back %(how)s.", how=joined(names, by.reader, alternatives=True))
    for offer, name in zip(offers, names, strict=True):
        fee = _inner(offer, "fee")
        if fee:
            yield say("Sent %(how)s, it costs the shopper %(amount)s.", how=name, amount=_amount(by, fee))
        if offer.get("destination"):
            place = by.records.get(str(offer["destination"]), str(offer["destination"]))
            yield say("Sent %(how)s, it goes to %(place)s.", how=name, place=place)


def _decision(by: Teller, said: Json) -> Iterator[str]:
    if said.get("approval") == "review":
        yield by.reader.say("A person decides.")
    elif _number(said, "after_hours"):
        yield by.reader.say_plural(
            "It is approved by itself after %(n)s hour.", "It is approved by itself after %(n)s hours.",
            _number(said, "after_hours"),
        )  # fmt: skip
    else:
        yield by.reader.say("It is approved at once.")
    if said.get("message"):
        yield by.reader.say("Staff read: %(text)s", text=by.quoted(said["message"]))


MOMENTS: Final = {
    "inspected": _("The money is due when the goods have been inspected."),
    "received": _("The money is due when the goods have been received."),
    "delivered": _("The money is due when the carrier has delivered the parcel."),
    "first_scan": _("The money is due when the carrier has the parcel."),
    "approved": _("The money is due when the request is approved."),
}


def _settle_on(by: Teller, said: Json) -> Iterator[str]:
    yield by.reader.say(MOMENTS[str(said.get("moment", "inspected"))])
    if _number(said, "after_hours"):
        yield by.reader.say_plural(
            "It is paid %(n)s hour after that.", "It is paid %(n)s hours after that.", _number(said, "after_hours")
        )


_CHARGES: Final = (
    ("duties", _("Duties: %(what)s.")),
    ("tips", _("Tips: %(what)s.")),
    ("sale_fees", _("Fees charged at the sale: %(what)s.")),
    ("gift_wrapping", _("Gift wrapping: %(what)s.")),
)


def _refund_terms(by: Teller, said: Json) -> Iterator[str]:
    say = by.reader.say
    yield say(SHIPPING[ShippingRefund(str(said.get("shipping", "none")))])
    for name, text in _CHARGES:
        mode = str(said.get(name, "none"))
        if mode != "none":
            what = say(dict(forms.PARTS)[mode])
            yield say(text, what=what[:1].lower() + what[1:])
    yield from _deducted(by, _inner(said, "deduction_bp") or {})
    if said.get("promotions") == "clawback":
        yield say("A discount is taken back when what is kept no longer meets its condition.")
    if said.get("shortfall") == "billed":
        yield say("Fees above the value are billed to the shopper.")
    order = said.get("tender_order")
    usual = ["store_credit", "card", "gift_card", "other"]
    if isinstance(order, list) and order != usual:
        names = [say(TENDERS[kind]) for name in order for kind in TENDERS if kind.value == name]
        yield say("Paid back first: %(what)s.", what=", ".join(names))


def _deducted(by: Teller, said: Json) -> Iterator[str]:
    for grade, text in (
        ("sealed", _("Of a sealed item, %(share)s is deducted.")),
        ("opened", _("Of an opened item, %(share)s is deducted.")),
        ("damaged", _("Of a damaged item, %(share)s is deducted.")),
    ):
        if _number(said, grade):
            yield by.reader.say(text, share=by.share(said[grade]))


def _fees(by: Teller, said: Json) -> Iterator[str]:
    say = by.reader.say
    for name, text in (
        ("return_fee", _("The return costs %(amount)s.")), ("cancellation_fee", _("Cancelling costs %(amount)s.")),
    ):  # fmt: skip
        fee = _inner(said, name)
        if fee:
            yield say(text, amount=_amount(by, fee))
    if said.get("waived"):
        yield (
            say("All fees are waived: %(why)s.", why=said["waiver"])
            if said.get("waiver")
            else say("All fees are waived.")
        )
    elif not said:
        yield say("The return costs nothing.")


def _requirements(by: Teller, said: Json) -> Iterator[str]:
    reader, photos, questions = by.reader, _number(said, "photos"), _rows(said, "questions")
    if photos:
        yield reader.say_plural("At least %(n)s photo is asked for.", "At least %(n)s photos are asked for.", photos)
    if said.get("note"):
        yield reader.say("A note is asked for.")
    for question in questions:
        text = by.quoted(question["text"])
        optional = question.get("required") is False
        yield (
            reader.say("Shoppers may answer: %(text)s", text=text)
            if optional
            else reader.say("Shoppers answer: %(text)s", text=text)
        )
    if not (photos or said.get("note") or questions):
        yield reader.say("Nothing more is asked for.")


_PROPOSED: Final = (
    ("sealed", _("Sealed items: %(what)s.")), ("opened", _("Opened items: %(what)s.")), ("damaged", _("Damaged items: %(what)s.")),
)  # fmt: skip
_WHERE: Final = {
    "restock": _("back to stock"),
    "refurbish": _("to be refurbished"),
    "dispose": _("disposed of"),
    "return_to_customer": _("back to the shopper"),
}


def _inspection(by: Teller, said: Json) -> Iterator[str]:
    for grade, text in _PROPOSED:
        proposal = _inner(said, grade) or {}
        where = by.reader.say(_WHERE[str(proposal.get("disposition", "restock"))])
        accepted = proposal.get("accepted", True)
        yield by.reader.say(text, what=where if accepted else by.reader.say("refused, %(where)s", where=where))


def told_zone(zone: Json, reader: Reader) -> str:
    """Return a zone of countries in words."""
    countries = [country_name(str(code), reader) for code in cast("list[str]", zone["countries"])]
    return reader.say(
        "%(name)s: %(countries)s", name=zone["name"], countries=joined(countries, reader, alternatives=False)
    )


_TELL: Final[Mapping[str, Callable[[Teller, Json], Iterator[str]]]] = {
    "eligibility": _eligibility,
    "resolutions": _resolutions,
    "methods": _methods,
    "decision": _decision,
    "settle_on": _settle_on,
    "refund_terms": _refund_terms,
    "fees": _fees,
    "requirements": _requirements,
    "inspection": _inspection,
}
