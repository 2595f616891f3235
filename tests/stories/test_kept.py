"""Goods that the shopper keeps or gives away: by the policy's way or by a resolution, no parcel is ever waited for."""

from dataclasses import replace
from uuid import UUID

import pytest

from retour.core.policy.outcome import (
    Approval,
    Approving,
    MethodKind,
    MethodOffer,
    Methods,
    ResolutionKind,
    ResolutionOffer,
    Resolutions,
)
from retour.core.rma import Decision
from retour.flows import rma
from tests.stories.house import House, under

pytestmark = pytest.mark.anyio

AUTOMATIC = Approving(Approval.AUTO_APPROVE)
KEPT = Methods((MethodOffer(MethodKind.KEEP_ITEM),))


async def asked(house: House, resolution: str = "refund_original") -> UUID:
    order = await house.an_order()
    wish = rma.Wish(order.order.lines[0].ref, 1, "changed_mind", resolution=resolution)
    rma_id = await house.ask(order, [wish])
    await house.later()
    return rma_id


async def test_a_refund_without_sending_anything_back_ends_by_itself(house: House) -> None:
    await house.open(document=under(methods=KEPT, decision=AUTOMATIC))

    rma_id = await asked(house)

    ret = (await house.see(rma_id)).rma
    assert (ret.status, [s.state.value for s in ret.settlements]) == (Decision.RESOLVED, ["settled"])
    assert (ret.labels, ret.shipments, ret.received_at) == ((), (), None)
    assert await house.waits(rma_id) is None


async def test_what_is_given_away_for_nothing_ends_by_itself(house: House) -> None:
    gone = Resolutions((replace(ResolutionOffer(ResolutionKind.KEEP_ITEM), share_bp=0),))
    await house.open(document=under(resolutions=gone, decision=AUTOMATIC))

    rma_id = await asked(house, "keep_item")

    ret = (await house.see(rma_id)).rma
    assert (ret.status, [(s.state.value, s.total_minor) for s in ret.settlements]) == (
        Decision.RESOLVED, [("settled", 0)],
    )  # fmt: skip
    assert await house.waits(rma_id) is None


async def test_a_part_of_the_money_for_what_is_kept_waits_for_whoever_pays_it(house: House) -> None:
    half = Resolutions((replace(ResolutionOffer(ResolutionKind.KEEP_ITEM), share_bp=5_000),))
    await house.open(document=under(resolutions=half, decision=AUTOMATIC))

    rma_id = await asked(house, "keep_item")

    assert await house.waits(rma_id) == ("finance", "awaiting_payout")
