"""What the shop offers for the chosen items: each way with its own quote, compared honestly with the refund."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from retour.core.errors import Refused
from retour.core.kind import CREDIT
from retour.core.money import Money
from retour.core.policy.outcome import ResolutionKind, ResolutionOffer
from retour.core.refund import RowKind
from retour.core.resolution import Resolution, Wording, wording_of
from retour.doors.portal import words
from retour.doors.portal.desk import Elsewhere, Here
from retour.doors.portal.draft import Draft, offer_of, value_of
from retour.doors.portal.drafting import judged, order_of
from retour.flows.rma import CARRIED_OUT, Judged
from retour.store import resolution as resolutions
from retour.web.explained import tender_name
from retour.web.parts import Choice
from retour.web.resolutions import name_of

REFUND: Final = ResolutionKind.REFUND_ORIGINAL.value
# What is worth something else than money: no amount stands beside it.
_NOT_MONEY: Final = frozenset(
    {ResolutionKind.REPAIR.value, ResolutionKind.REPLACEMENT.value, ResolutionKind.EXCHANGE.value}
)
_FEES: Final = frozenset({RowKind.RESTOCKING_FEE, RowKind.LABEL_FEE, RowKind.RETURN_FEE, RowKind.CANCELLATION_FEE})


@dataclass(frozen=True, slots=True)
class Names:
    """What the shop calls what it offers, in the shopper's language; standard words where it says nothing."""

    here: Here
    records: Mapping[str, Resolution]

    def wording(self, ref: str | None) -> Wording | None:
        """Return the shop's own words about a record, if it has some."""
        default = self.here.portal.look.default_language
        return wording_of(self.records, ref, language=self.here.reader.language, default=default)

    def of(self, kind: str, ref: str | None) -> str:
        """Return the name of an offer."""
        return name_of(kind, ref, self.records, self.here.reader, default=self.here.portal.look.default_language)

    def of_value(self, value: str) -> str:
        """Return the name of an offer as a draft names it."""
        return self.of(*offer_of(value))

    def of_values(self, values: Sequence[str], *, outside: bool = False) -> str:
        """Return the names of several offers, each once; `outside` leaves out what goes back to a payment."""
        kept = [one for one in values if not (outside and offer_of(one)[0] == REFUND)] or values
        return ", ".join(dict.fromkeys(self.of_value(one) for one in kept))


async def names_of(here: Here) -> Names:
    """Return the names of the store's resolutions."""
    return Names(here, await resolutions.names(here.db, here.store_id))


async def offers_of(here: Here, draft: Draft) -> list[Choice]:
    """Return the ways that every chosen item offers and that are carried out, in the merchant's order.

    Raises Elsewhere to the items where the policy objects to them by now.
    """
    try:
        first = await judged(here, draft, resolution=REFUND, any_resolution=True)
    except Refused as refused:
        raise Elsewhere("/items?check=1") from refused
    found: list[tuple[ResolutionOffer, Judged]] = []
    for offer in common_of(first):
        if here.proven.gift and offer.kind.value not in CREDIT:
            continue
        value = value_of(offer.kind.value, offer.ref)
        found.append((offer, await judged(here, draft, resolution=value)))
    if here.proven.gift:
        return await _credit(here, found)
    refund_minor = next((worth(one) for offer, one in found if offer.kind == REFUND), None)
    names = await names_of(here)
    return [choice_of(names, offer, one, refund_minor) for offer, one in found]


async def offers_of_each(here: Here, draft: Draft) -> Mapping[str, Sequence[str]]:
    """Return the ways that each chosen item offers and that are carried out, by the line's ref.

    Raises Elsewhere to the items where the policy objects to them by now.
    """
    try:
        found = await judged(here, draft, resolution=REFUND, any_resolution=True)
    except Refused as refused:
        raise Elsewhere("/items?check=1") from refused
    order = await order_of(here)
    return {
        wish.line_ref: [
            value_of(offer.kind.value, offer.ref)
            for offer in line.resolutions.outcome.offered
            if offer.kind.value in CARRIED_OUT and (not here.proven.gift or offer.kind.value in CREDIT)
        ]
        for wish, line in zip(draft.wishes(order.order.order), found.lines, strict=True)
    }


async def _credit(here: Here, found: Sequence[tuple[ResolutionOffer, Judged]]) -> list[Choice]:
    """Return the ways in which a gift becomes credit, without a word on what it is worth."""
    names, choices = await names_of(here), []
    for offer, one in found:
        own = names.wording(offer.ref)
        said = own.description if own and own.description else words.resolution_text(offer.kind.value, here.reader)
        text = " ".join(_sentence(part) for part in (said, _when(here, one, offer.kind.value)) if part)
        choices.append(Choice(value_of(offer.kind.value, offer.ref), names.of(offer.kind.value, offer.ref), text))
    return choices


def worth(judged_as: Judged) -> int:
    """Return what an offer is worth to the shopper in presentment minor units: its value and the shop's bonus."""
    return judged_as.promise.total_minor + sum(plan.bonus for plan in judged_as.promise.plans)


def common_of(judged_lines: Judged) -> list[ResolutionOffer]:
    """Return the ways that every line offers and that are carried out, in the merchant's order."""
    first, *rest = [line.resolutions.outcome.offered for line in judged_lines.lines]
    keys = [{(offer.kind, offer.ref) for offer in offered} for offered in rest]
    return [
        offer
        for offer in first
        if offer.kind.value in CARRIED_OUT and all((offer.kind, offer.ref) in known for known in keys)
    ]


def choice_of(names: Names, offer: ResolutionOffer, judged_as: Judged, refund_minor: int | None) -> Choice:
    """Return an offer with what it is worth, compared with a refund of that many minor units if there is one."""
    reader, kind, own = names.here.reader, offer.kind.value, names.wording(offer.ref)
    currency = judged_as.promise.currency
    total, is_money = worth(judged_as), kind not in _NOT_MONEY
    more = total - refund_minor if refund_minor is not None and is_money and kind != REFUND else 0
    said = own.description if own and own.description else words.resolution_text(kind, reader)
    cost = _cost(names.here, judged_as, known=more)
    parts = (said, _legs(names.here, judged_as), cost, _when(names.here, judged_as, kind))
    return Choice(
        value=value_of(kind, offer.ref),
        title=names.of(kind, offer.ref),
        text=" ".join(_sentence(part) for part in parts if part),
        amount=reader.money(Money(total, currency)) if is_money else None,
        gain=_gain(names.here, Money(more, currency)),
    )


def _gain(here: Here, more: Money) -> str | None:
    """Return how an offer compares with the refund, whichever is more."""
    reader = here.reader
    if more.minor > 0:
        return reader.say("%(amount)s more than the refund", amount=reader.amount(more))
    if more.minor < 0:
        return reader.say("%(amount)s less than the refund", amount=reader.amount(Money(-more.minor, more.currency)))
    return None


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "\u061f")) else f"{text}."


def _legs(here: Here, judged_as: Judged) -> str:
    """Return where the money goes, in one sentence; nothing where it goes to no payment."""
    reader, promise = here.reader, judged_as.promise
    legs = [leg for plan in promise.plans for leg in plan.legs]
    sums = {leg.kind: 0 for leg in legs}
    for leg in legs:
        sums[leg.kind] += leg.amount_minor
    if len(sums) == 1:
        return words.all_of_it(legs[0].kind, reader)
    parts = [
        f"{reader.amount(Money(minor, promise.currency))} {tender_name(kind, reader)}" for kind, minor in sums.items()
    ]
    return f"{', '.join(parts)}." if parts else ""


def _cost(here: Here, judged_as: Judged, *, known: int) -> str:
    """Return what the shop takes off for it, and the bonus it adds where that is not `known` as the difference."""
    reader, promise = here.reader, judged_as.promise
    rows = [row for plan in promise.plans for row in plan.adjustments if row.kind in _FEES]
    fees = -sum(row.payable.presentment for row in rows)
    bonus = sum(plan.bonus for plan in promise.plans)
    said = []
    if bonus and bonus != known:
        said.append(reader.say("%(amount)s of it is a bonus.", amount=reader.amount(Money(bonus, promise.currency))))
    if fees:
        said.append(
            reader.say("%(amount)s of fees are taken off.", amount=reader.amount(Money(fees, promise.currency)))
        )
    return " ".join(said)


def _when(here: Here, judged_as: Judged, kind: str) -> str:
    moments = {line.settle_on.outcome.moment for line in judged_as.lines}
    return words.moment_text(moments.pop(), here.reader, kind=kind) if len(moments) == 1 else ""
