"""A policy told in sentences, the way a merchant would say it to a colleague."""

from collections.abc import Iterator, Mapping
from typing import Final

from retour.core.money import Money
from retour.core.policy import PolicyDocument, simple
from retour.core.policy.outcome import Anchor, ChargeMode, Fee, FeePer, Mode, Moment, Proposal, ResolutionKind
from retour.core.policy.simple import SimplePolicy
from retour.core.rma.state import Disposition
from retour.web.reader import Reader


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


MOMENTS: Final[Mapping[Moment, str]] = {
    Moment.INSPECTED: _("The refund is due when the goods have been inspected."),
    Moment.RECEIVED: _("The refund is due when the goods have arrived."),
    Moment.FIRST_SCAN: _("The refund is due when the carrier has the parcel."),
    Moment.DELIVERED: _("The refund is due when the carrier has delivered the parcel."),
    Moment.APPROVED: _("The refund is due when the return is approved."),
}
SHIPPING: Final[Mapping[ChargeMode, str]] = {
    ChargeMode.NONE: _("What the shopper paid for shipping is not refunded."),
    ChargeMode.ALL: _("What the shopper paid for shipping is refunded in full."),
    ChargeMode.ON_FULL_RETURN: _("What the shopper paid for shipping is refunded when the whole order comes back."),
    ChargeMode.PROPORTIONAL: _("What the shopper paid for shipping is refunded in proportion to what comes back."),
}
DISPOSITIONS: Final[Mapping[Disposition, str]] = {
    Disposition.RESTOCK: _("back to stock"),
    Disposition.REFURBISH: _("to be refurbished"),
    Disposition.DISPOSE: _("disposed of"),
    Disposition.RETURN_TO_CUSTOMER: _("back to the shopper"),
}
RESOLUTIONS: Final[Mapping[ResolutionKind, str]] = {
    ResolutionKind.REFUND_ORIGINAL: _("a refund to what they paid with"),
    ResolutionKind.REFUND_SERVICE: _("a refund through a service"),
    ResolutionKind.GIFT_CARD: _("a gift card"),
    ResolutionKind.STORE_CREDIT: _("store credit"),
    ResolutionKind.EXCHANGE: _("an exchange"),
    ResolutionKind.KEEP_ITEM: _("a refund, and the item is kept"),
    ResolutionKind.REPAIR: _("a repair"),
    ResolutionKind.REPLACEMENT: _("a replacement"),
}


def sentences(document: PolicyDocument, reader: Reader, *, currency: str) -> list[str]:
    """Return what a policy says, one sentence for each question it answers; `currency` is that of the store."""
    said = simple.read(document)
    return [
        _window(document, said, reader),
        *_never(said, reader),
        *_approval(said, reader, currency),
        *_offers(document, reader, currency),
        reader.say(MOMENTS[said.moment]),
        reader.say(SHIPPING[said.shipping]),
        *_deductions(said, reader),
        *_inspection(document, reader),
        *_others(document, reader),
    ]


def _window(document: PolicyDocument, said: SimplePolicy, reader: Reader) -> str:
    if said.mode is Mode.ALWAYS:
        return reader.say("Articles can come back at any time.")
    if said.mode is Mode.NEVER:
        return reader.say("Nothing can come back, unless another rule allows it.")
    days = said.window_days
    starts = {start.anchor: start.plus_days for start in document.defaults.eligibility.counted_from}
    if said.counted_from is Anchor.DELIVERED:
        text = reader.say_plural(
            "Articles can come back within %(n)s day of delivery.",
            "Articles can come back within %(n)s days of delivery.",
            days,
        )
        guess = starts.get(Anchor.FULFILLED)
        if not guess:
            return text
        return f"{text} " + reader.say_plural(
            "Where the carrier reports no delivery, %(n)s day on the way is assumed.",
            "Where the carrier reports no delivery, %(n)s days on the way are assumed.",
            guess,
        )
    if said.counted_from is Anchor.FULFILLED:
        return reader.say_plural(
            "Articles can come back within %(n)s day of dispatch.",
            "Articles can come back within %(n)s days of dispatch.",
            days,
        )
    return reader.say_plural(
        "Articles can come back within %(n)s day of the order.",
        "Articles can come back within %(n)s days of the order.",
        days,
    )


def _never(said: SimplePolicy, reader: Reader) -> Iterator[str]:
    if not said.gift_cards_return:
        yield reader.say("Gift cards never come back.")
    if said.tags:
        yield reader.say("Articles tagged %(tags)s never come back.", tags=", ".join(said.tags))


def _approval(said: SimplePolicy, reader: Reader, currency: str) -> Iterator[str]:
    if not said.automatic:
        yield reader.say("A person decides every request.")
        return
    yield reader.say("Requests that fit are approved at once.")
    if said.over_units is not None:
        yield reader.say_plural(
            "A person decides requests of more than %(n)s unit.",
            "A person decides requests of more than %(n)s units.",
            said.over_units,
        )
    if said.over_minor is not None:
        amount = reader.amount(Money(said.over_minor, currency))
        yield reader.say("A person decides requests worth more than %(amount)s.", amount=amount)


def _offers(document: PolicyDocument, reader: Reader, currency: str) -> Iterator[str]:
    offered = document.defaults.resolutions.offered
    kinds = ", ".join(reader.say(RESOLUTIONS[offer.kind]) for offer in offered)
    yield reader.say("Shoppers are offered: %(kinds)s.", kinds=kinds) if kinds else reader.say("Nothing is offered.")
    for offer in offered:
        if offer.restocking_fee is not None:
            yield reader.say("A restocking fee is kept: %(fee)s.", fee=_fee(offer.restocking_fee, reader, currency))


def _fee(fee: Fee, reader: Reader, currency: str) -> str:
    parts = []
    if fee.bp:
        parts.append(reader.say("%(share)s of the value", share=reader.percent(fee.bp)))
    if fee.fixed_minor:
        amount = reader.amount(Money(fee.fixed_minor, currency))
        parts.append({
            FeePer.UNIT: reader.say("%(amount)s for each unit", amount=amount),
            FeePer.LINE: reader.say("%(amount)s for each article", amount=amount),
            FeePer.PARCEL: reader.say("%(amount)s for each parcel", amount=amount),
            FeePer.RETURN: reader.say("%(amount)s for the return", amount=amount),
        }[fee.per])  # fmt: skip
    told = " + ".join(parts)
    return reader.say("%(fee)s, paid before the goods are sent", fee=told) if fee.beforehand else told


def _deductions(said: SimplePolicy, reader: Reader) -> Iterator[str]:
    if said.opened_deduction_bp:
        share = reader.percent(said.opened_deduction_bp)
        yield reader.say("Of an opened article, %(share)s is deducted.", share=share)
    if said.damaged_deduction_bp:
        share = reader.percent(said.damaged_deduction_bp)
        yield reader.say("Of a damaged article, %(share)s is deducted.", share=share)


def _inspection(document: PolicyDocument, reader: Reader) -> Iterator[str]:
    seen = document.defaults.inspection
    yield reader.say(
        "At inspection is proposed: sealed articles %(sealed)s, opened ones %(opened)s, damaged ones %(damaged)s. "
        "Whoever inspects may decide otherwise.",
        sealed=_proposal(seen.sealed, reader),
        opened=_proposal(seen.opened, reader),
        damaged=_proposal(seen.damaged, reader),
    )


def _proposal(proposal: Proposal, reader: Reader) -> str:
    where = reader.say(DISPOSITIONS[proposal.disposition])
    return where if proposal.accepted else reader.say("refused, %(where)s", where=where)


def _others(document: PolicyDocument, reader: Reader) -> Iterator[str]:
    for rule in simple.beyond(document):
        if rule.enabled:
            yield reader.say("A rule of its own goes first: %(name)s.", name=rule.name)
        else:
            yield reader.say("Switched off: %(name)s.", name=rule.name)
