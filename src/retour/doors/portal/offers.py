"""What the shop offers for the chosen items: each way with its own quote, compared honestly with the refund."""

from typing import Final

from retour.core.errors import Refused
from retour.core.money import Money
from retour.core.policy.outcome import ResolutionKind
from retour.doors.portal import words
from retour.doors.portal.desk import Elsewhere, Here
from retour.doors.portal.draft import Draft
from retour.doors.portal.drafting import judged
from retour.flows.rma import CARRIED_OUT, Judged
from retour.web.explained import tender_name
from retour.web.parts import Choice

REFUND: Final = ResolutionKind.REFUND_ORIGINAL.value


async def offers_of(here: Here, draft: Draft) -> list[Choice]:
    """Return the ways that every chosen item offers and this version can carry out, in the merchant's order.

    Raises Elsewhere to the items where the policy objects to them by now.
    """
    try:
        first = await judged(here, draft, resolution=REFUND)
    except Refused as refused:
        if refused.code != "resolution_not_offered":
            raise Elsewhere("/items?check=1") from refused
        return []  # none of what is carried out is offered
    found: list[tuple[str, Judged]] = []
    for kind in _common(first):
        found.append((kind, first if kind == REFUND else await judged(here, draft, resolution=kind)))
    refund_minor = next((one.promise.total_minor for kind, one in found if kind == REFUND), None)
    return [_choice(here, kind, one, refund_minor) for kind, one in found]


def _common(judged_lines: Judged) -> list[str]:
    offered = [[offer.kind.value for offer in line.resolutions.outcome.offered] for line in judged_lines.lines]
    return [kind for kind in offered[0] if kind in CARRIED_OUT and all(kind in kinds for kinds in offered)]


def _choice(here: Here, kind: str, judged_as: Judged, refund_minor: int | None) -> Choice:
    reader, promise = here.reader, judged_as.promise
    more = promise.total_minor - refund_minor if refund_minor is not None else 0
    gain = Money(more, promise.currency)
    return Choice(
        value=kind,
        title=words.resolution_name(kind, reader),
        text=f"{_legs(here, judged_as)} {_when(here, judged_as)}".strip(),
        amount=reader.money(Money(promise.total_minor, promise.currency)),
        gain=reader.say("%(amount)s more than the refund", amount=reader.amount(gain)) if more > 0 else None,
    )


def _legs(here: Here, judged_as: Judged) -> str:
    """Return where the money goes, in one sentence."""
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


def _when(here: Here, judged_as: Judged) -> str:
    moments = {line.settle_on.outcome.moment for line in judged_as.lines}
    return words.moment_text(moments.pop(), here.reader) if len(moments) == 1 else ""
