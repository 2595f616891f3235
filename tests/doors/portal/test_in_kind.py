"""Ways that pay no money: what they say of when, of money, and how a claim is asked about."""

from dataclasses import replace

import pytest

from retour.core.policy.outcome import ResolutionKind, ResolutionOffer
from tests.doors.portal.conftest import Counter
from tests.doors.portal.shopper import Page, Shopper
from tests.doors.portal.test_drafting import chosen
from tests.stories.test_handed_over import offering

pytestmark = pytest.mark.anyio
NOTHING_PAID = "It costs you nothing, and no money is paid back."


async def at_the_offers(counter: Counter, *kinds: ResolutionKind) -> tuple[Shopper, Page]:
    """Return a browser that sends back one of two tees at 10.00 and is shown these offers."""
    document = offering(*(ResolutionOffer(kind) for kind in kinds))
    await counter.publish(document=replace(document, currency="EUR"))
    shopper = await counter.let_in()
    key = await chosen(shopper)
    return shopper, await shopper.send("/reasons", {f"reason-{key}": "defective"})


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (ResolutionKind.REPAIR, "The shop repairs the item and sends it back to you."),
        (ResolutionKind.REPLACEMENT, "You get another one of the same article."),
    ],
)
async def test_who_gets_an_item_and_no_money_reads_no_refund_of_nothing(
    counter: Counter, kind: ResolutionKind, said: str
) -> None:
    shopper, offers = await at_the_offers(counter, kind, ResolutionKind.REFUND_ORIGINAL)

    review = await shopper.send("/offers", resolution=kind.value)
    sent = await shopper.send("/review")
    listed = await shopper.open("/list")

    assert f"{said} {NOTHING_PAID}" in review.text
    for page in (review, sent, listed):
        assert "You get back" not in page.text
        assert "0.00" not in page.text
    assert offers.text.count("Paid once") == 1, "only the refund is paid"


async def test_who_gets_the_money_still_reads_it_to_the_cent(counter: Counter) -> None:
    shopper, _ = await at_the_offers(counter, ResolutionKind.REPAIR, ResolutionKind.REFUND_ORIGINAL)

    review = await shopper.send("/offers", resolution="refund_original")

    assert "You get back€10.00" in review.text
    assert NOTHING_PAID not in review.text


async def test_an_item_instead_of_money_is_sent_and_not_paid(counter: Counter) -> None:
    _, offers = await at_the_offers(counter, ResolutionKind.EXCHANGE, ResolutionKind.REPLACEMENT)

    assert offers.text.count("Sent once the shop has checked your parcel.") == 2
    assert "Paid once" not in offers.text


async def test_a_claim_is_asked_what_is_wrong(counter: Counter) -> None:
    shopper = await counter.let_in()
    await shopper.send("/kind", kind="claim")

    await chosen(shopper)

    assert "<h1>What is wrong?</h1>" in shopper.page.source
    assert "Why is it going back?" not in shopper.page.text
