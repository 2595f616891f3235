"""What a policy decides about the money, in sentences: offers with their terms, fees, how a refund is computed."""

from collections.abc import Iterator
from typing import Final

from retour.core.policy.outcome import ChargeMode
from retour.doors.dashboard.policy import outcome_forms as forms
from retour.doors.dashboard.policy.fact_words import joined
from retour.doors.dashboard.policy.values import TENDERS
from retour.doors.dashboard.policy.voice import Json, Voice, inner, number, rows
from retour.doors.dashboard.policy_words import SHIPPING


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


_OFFERED: Final = {
    "refund_original": _("a refund to what was paid with"),
    "store_credit": _("store credit"),
    "gift_card": _("a gift card"),
    "exchange": _("an exchange"),
    "refund_service": _("a refund through a service"),
    "keep_item": _("a refund, and the item is kept"),
    "repair": _("a repair"),
    "replacement": _("a replacement"),
}


def resolutions(by: Voice, said: Json) -> Iterator[str]:
    """Tell what the shopper is offered, with its terms."""
    offers, say = rows(said, "offered"), by.reader.say
    if not offers:
        yield say("Nothing is offered.")
        return
    names = [_offer_name(by, offer) for offer in offers]
    yield say("Shoppers are offered %(what)s.", what=joined(names, by.reader, alternatives=True))
    for offer, name in zip(offers, names, strict=True):
        yield from _offer_terms(by, offer, name)


def _offer_name(by: Voice, offer: Json) -> str:
    name = by.reader.say(_OFFERED[str(offer["kind"])])
    record = by.records.get(str(offer.get("ref")))
    return by.reader.say("%(name)s (%(record)s)", name=name, record=record) if record else name


def _offer_terms(by: Voice, offer: Json, name: str) -> Iterator[str]:
    say = by.reader.say
    if number(offer, "share_bp") not in (0, 10_000):
        yield say("For %(offer)s, %(share)s of the value is given.", offer=name, share=by.share(offer["share_bp"]))
    bonus, fee, exchange = (inner(offer, part) for part in ("bonus", "restocking_fee", "exchange"))
    if bonus:
        yield say("On top of %(offer)s comes a bonus of %(amount)s.", offer=name, amount=amount_of(by, bonus))
    if fee:
        yield say("From %(offer)s a restocking fee of %(amount)s is kept.", offer=name, amount=amount_of(by, fee))
    if exchange:
        yield from _exchange(by, exchange)


def _exchange(by: Voice, said: Json) -> Iterator[str]:
    say = by.reader.say
    if said.get("items") == "any_product":
        yield say("It is exchanged for any product.")
    else:
        yield say("It is exchanged for another variant.")
    low, high = number(said, "free_from_bp") or 10_000, number(said, "free_to_bp") or 10_000
    if (low, high) != (10_000, 10_000):
        yield say("From %(low)s to %(high)s of the price the exchange is even.", low=by.share(low), high=by.share(high))
    instant = inner(said, "instant")
    if instant is not None:
        yield say(
            "The new item may be sent at once against a card that is held; the goods are handed over within %(days)s days "
            "and have arrived %(more)s days later.",
            days=by.reader.number(number(instant, "days") or 14),
            more=by.reader.number(14 if instant.get("arrive_days") is None else number(instant, "arrive_days") or 0),
        )
    for name, options, text in (
        ("up", forms.UP, _("When the new item costs more: %(what)s.")),
        ("down", forms.DOWN, _("When the new item costs less: %(what)s.")),
    ):
        words = dict(options).get(str(said.get(name, options[0][0])), "")
        what = by.reader.say(words)
        yield say(text, what=what[:1].lower() + what[1:])


def amount_of(by: Voice, said: Json) -> str:
    """Return a fee or a bonus: a share, a fixed amount, the carrier's cost, and the most of them together."""
    say, parts = by.reader.say, []
    if said.get("actual_cost"):
        parts.append(say("what the carrier charges"))
    if number(said, "bp"):
        listed = said.get("of") == "listed"
        text = say("%(share)s of the price before discounts") if listed else say("%(share)s of the value")
        parts.append(text % {"share": by.share(said["bp"])})
    if number(said, "fixed_minor"):
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


_CHARGES: Final = (
    ("duties", _("Duties: %(what)s.")),
    ("tips", _("Tips: %(what)s.")),
    ("sale_fees", _("Fees charged at the sale: %(what)s.")),
    ("gift_wrapping", _("Gift wrapping: %(what)s.")),
)


def refund_terms(by: Voice, said: Json) -> Iterator[str]:
    """Tell how the refund is computed."""
    say = by.reader.say
    yield say(SHIPPING[ChargeMode(str(said.get("shipping", "none")))])
    for name, text in _CHARGES:
        mode = str(said.get(name, "none"))
        if mode != "none":
            what = say(dict(forms.PARTS)[mode])
            yield say(text, what=what[:1].lower() + what[1:])
    yield from _deducted(by, inner(said, "deduction_bp") or {})
    if said.get("promotions") == "clawback":
        yield say("A discount is taken back when what is kept no longer meets its condition.")
    if said.get("shortfall") == "billed":
        yield say("Fees above the value are billed to the shopper.")
    order = said.get("tender_order")
    usual = ["store_credit", "card", "gift_card", "other"]
    if isinstance(order, list) and order != usual:
        names = [say(TENDERS[kind]) for name in order for kind in TENDERS if kind.value == name]
        yield say("Paid back first: %(what)s.", what=", ".join(names))
    if said.get("capture_order") == "oldest":
        yield say("Of several payments of one kind, the oldest is paid back first.")


def _deducted(by: Voice, said: Json) -> Iterator[str]:
    for grade, text in (
        ("sealed", _("Of a sealed item, %(share)s is deducted.")),
        ("opened", _("Of an opened item, %(share)s is deducted.")),
        ("damaged", _("Of a damaged item, %(share)s is deducted.")),
    ):
        if number(said, grade):
            yield by.reader.say(text, share=by.share(said[grade]))


def fees(by: Voice, said: Json) -> Iterator[str]:
    """Tell what the return costs."""
    say = by.reader.say
    for name, text in (
        ("return_fee", _("The return costs %(amount)s.")), ("cancellation_fee", _("Cancelling costs %(amount)s.")),
    ):  # fmt: skip
        fee = inner(said, name)
        if fee:
            yield say(text, amount=amount_of(by, fee))
    if said.get("waived"):
        yield (
            say("All fees are waived: %(why)s.", why=str(said["waiver"]).rstrip("."))
            if said.get("waiver")
            else say("All fees are waived.")
        )
    elif not said:
        yield say("The return costs nothing.")
