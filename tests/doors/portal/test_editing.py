"""A shopper changes a return while nothing is sent: the amount is seen before and after, then it is changed."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from retour.core.money import Sides
from retour.core.order import FulfilledUnits
from retour.core.policy import Rule
from retour.core.policy.document import Compare, Op
from retour.core.policy.outcome import (
    Approval,
    Approving,
    Bonus,
    Eligibility,
    Fee,
    FeePer,
    MethodKind,
    MethodOffer,
    Methods,
    Mode,
    NeverBecause,
    Outcomes,
    ResolutionKind,
    ResolutionOffer,
    Resolutions,
)
from retour.core.policy.template import template
from retour.doors.portal.draft import key_of
from retour.flows import rma
from retour.store.rma import edit
from tests.doors.portal.conftest import Counter
from tests.doors.portal.shopper import Page, Shopper
from tests.doors.portal.test_drafting import all_returns, reviewed
from tests.flows.order.shop import fetched, later

pytestmark = pytest.mark.anyio


async def lines(counter: Counter) -> list[Any]:
    (row,) = await all_returns(counter)
    return [(line["quantity"], line["decision"]) for line in json.loads(row["lines"])]


async def test_a_shopper_adds_a_forgotten_unit_after_seeing_the_amount(counter: Counter) -> None:
    shopper = await counter.let_in()
    await reviewed(shopper)
    status = await shopper.send("/review")
    assert "Change this return" in status.text
    page = await shopper.open(f"/{status.path}/edit")
    (key,) = re.findall(r'name="quantity-([0-9a-f]{10})"', page.source)[:1]

    same = await shopper.send(f"/{status.path}/edit", **{f"quantity-{key}": "1"})
    assert (same.status, "That is what you are returning already." in same.text) == (422, True)
    none = await shopper.send(f"/{status.path}/edit", **{f"quantity-{key}": "0"})
    assert "Nothing would be left. Cancel the return instead." in none.text
    much = await shopper.send(f"/{status.path}/edit", **{f"quantity-{key}": "3"})
    assert (much.status, "Choose how many" in much.text) == (422, True)
    seen = await shopper.send(f"/{status.path}/edit", **{f"quantity-{key}": "2"})
    assert ("€10.00" in seen.text, "€20.00" in seen.text) == (True, True)
    assert await lines(counter) == [(1, "requested")]

    done = await shopper.send(f"/{status.path}/edit")

    assert done.heading == "The shop is checking your request"
    assert await lines(counter) == [(2, "requested")]


async def test_what_the_shop_does_not_take_back_is_not_there_to_be_added(counter: Counter) -> None:
    final = Rule(
        "final", "Mugs are final sale", Outcomes(eligibility=Eligibility(Mode.NEVER, because=NeverBecause.FINAL_SALE)),
        when=Compare("line.sku", Op.EQ, "MUG"),
    )  # fmt: skip
    document = template()
    await counter.publish(document=replace(document, currency="EUR", rules=(final, *document.rules)))
    order = await counter.order(0)
    tee, parcel = order.lines[0], order.fulfilments[0]
    more = [replace(tee, ref=f"line/{sku}", title=sku, sku=sku) for sku in ("MUG", "CUP")]
    units = (*parcel.units, *(FulfilledUnits(f"units/{one.sku}", one.ref, one.quantity) for one in more))
    await counter.mirror(fetched(later(order, lines=(tee, *more), fulfilments=(replace(parcel, units=units),))))
    shopper = await counter.let_in()
    await reviewed(shopper)
    status = await shopper.send("/review")

    page = await shopper.open(f"/{status.path}/edit")

    assert page.source.count('name="quantity-') == 2
    assert "CUP" in page.text
    assert "MUG" not in page.text


async def test_what_is_on_its_way_is_not_changed_any_more(counter: Counter) -> None:
    shopper = await counter.let_in()
    await reviewed(shopper)
    status = await shopper.send("/review")
    (row,) = await all_returns(counter)
    await counter.do(lambda db: rma.reject(db, rma_id=row["id"], message="no", actor="agent", now=counter.clock.now()))

    page = await shopper.open(f"/{status.path}/edit")

    assert page.heading == "The shop did not accept this return"
    assert "Change this return" not in page.text


# --- how it is made right and sent back ---------------------------------------------------------------------------------

CREDIT = ResolutionOffer(ResolutionKind.STORE_CREDIT, bonus=Bonus(bp=1_000))
OFFERS = (ResolutionOffer(ResolutionKind.REFUND_ORIGINAL), CREDIT, ResolutionOffer(ResolutionKind.EXCHANGE))
LABEL = MethodOffer(MethodKind.LABEL, fee=Fee(fixed_minor=490, per=FeePer.PARCEL))
WAYS = (LABEL, MethodOffer(MethodKind.OWN_CARRIER))


async def sent(
    counter: Counter, *, mug: tuple[ResolutionOffer, ...] = OFFERS, methods: tuple[MethodOffer, ...] = WAYS[1:]
) -> tuple[Shopper, str, str]:
    """Return a browser at the change of two tees and a mug, 30.00 together as a refund; and the items' names in forms."""
    await counter.publish(document=offering(mug, methods))
    order = await counter.order(0)
    tee = order.lines[0]
    other, parcel = replace(tee, ref="line/mug", title="Mug", sku="MUG"), order.fulfilments[0]
    units = (*parcel.units, FulfilledUnits("units/mug", other.ref, other.quantity))
    paid = replace(order.captures[0], captured=4_000)
    changes = {"lines": (tee, other), "fulfilments": (replace(parcel, units=units),), "captures": (paid,)}
    await counter.mirror(fetched(later(order, total=Sides(4_000, 4_000), **changes)))
    shopper = await counter.let_in()
    keys = key_of(tee.ref), key_of(other.ref)
    await shopper.send("/items", {"item": list(keys), f"quantity-{keys[0]}": "2", f"quantity-{keys[1]}": "1"})
    await shopper.send("/reasons", {f"reason-{key}": "changed_mind" for key in keys})
    await shopper.send("/offers", resolution="refund_original")
    status = await shopper.send("/review")
    await shopper.open(f"/{status.path}/edit")
    return shopper, *keys


def offering(mug: tuple[ResolutionOffer, ...], methods: tuple[MethodOffer, ...] = WAYS[1:]) -> Any:
    """Return a policy with the ways of a mug, and of everything else; what was damaged is approved by itself."""
    document = template()
    mugs = Rule("mugs", "Mugs", Outcomes(resolutions=Resolutions(mug)), when=Compare("line.sku", Op.EQ, "MUG"))
    damaged = Rule(
        "damaged", "Damaged", Outcomes(decision=Approving(Approval.AUTO_APPROVE)),
        when=Compare("line.reason", Op.EQ, "damaged"),
    )  # fmt: skip
    defaults = replace(document.defaults, resolutions=Resolutions(OFFERS), methods=Methods(methods))
    return replace(document, currency="EUR", rules=(mugs, damaged), defaults=defaults)


async def held(counter: Counter) -> tuple[list[tuple[str, str, str]], str, int]:
    """Return (reason, resolution, decision) of each line, the way back and what is promised, in cents."""
    (row,) = await all_returns(counter)
    asked = await counter.do(lambda db: edit.asked(db, row["id"]))
    found = [(line["reason"], line["resolution"], line["decision"]) for line in json.loads(row["lines"])]
    return found, asked.method, asked.promised_minor


def as_sent(resolution: str = "refund_original", *, decision: str = "requested") -> list[tuple[str, str, str]]:
    return [("changed_mind", resolution, decision)] * 2


def change(page: Page) -> dict[str, list[str]]:
    return page.form("/edit").fields


async def test_a_refund_becomes_credit_with_its_bonus(counter: Counter) -> None:
    shopper, _, _ = await sent(counter)
    assert change(shopper.page)["resolution"] == ["refund_original"]
    assert "€3.00 more than the refund" in shopper.page.text

    seen = await shopper.send("/edit", resolution="store_credit")
    assert "Before €30.00 · Now €33.00" in seen.text
    assert "You choseStore credit" in seen.text
    assert await held(counter) == (as_sent(), "own_carrier", 3_000)
    done = await shopper.send("/edit")

    assert done.path.startswith("R-")
    assert await held(counter) == (as_sent("store_credit"), "own_carrier", 3_000)
    again = await shopper.open(f"/{done.path}/edit")
    assert change(again)["resolution"] == ["store_credit"]
    back = await shopper.send("/edit", resolution="refund_original")
    assert "Before €33.00 · Now €30.00" in back.text


async def test_a_label_with_its_fee_becomes_a_carrier_of_ones_own_without_it(counter: Counter) -> None:
    shopper, _, _ = await sent(counter, methods=WAYS)
    assert change(shopper.page)["method"] == ["label"]
    assert await held(counter) == (as_sent(), "label", 2_510)

    seen = await shopper.send("/edit", method="own_carrier")
    assert "Before €25.10 · Now €30.00" in seen.text
    assert "Way backWith a carrier of your choice" in seen.text
    await shopper.send("/edit")

    assert await held(counter) == (as_sent(), "own_carrier", 3_000)


async def test_items_go_different_ways_and_the_new_item_is_chosen_afterwards(counter: Counter) -> None:
    shopper, tee, mug = await sent(counter)
    page = await shopper.open(f"/R-{shopper.page.url.rpartition('/R-')[2]}?each=1")
    assert (change(page)[f"way-{tee}"], change(page)[f"way-{mug}"]) == (["refund_original"], ["refund_original"])

    seen = await shopper.send("/edit", {f"way-{mug}": "exchange"})
    assert "Mug · Exchange" in seen.text
    assert "You choose the new item on the page of your return, once this is changed." in seen.text
    done = await shopper.send("/edit")

    assert [way for _, way, _ in (await held(counter))[0]] == ["refund_original", "exchange"]
    again = await shopper.open(f"/{done.path}/edit")
    assert (change(again)[f"way-{tee}"], change(again)[f"way-{mug}"]) == (["refund_original"], ["exchange"])
    alone = await shopper.send("/edit", {f"way-{mug}": "refund_original"})
    assert "You choose the new item" not in alone.text
    await shopper.send("/edit")
    assert (await held(counter))[0] == as_sent()


async def test_where_items_share_no_way_each_is_chosen_for_itself(counter: Counter) -> None:
    shopper, tee, mug = await sent(counter)
    await counter.publish(document=offering((ResolutionOffer(ResolutionKind.GIFT_CARD),)))

    page = await shopper.open(f"/R-{shopper.page.url.rpartition('/R-')[2]}")

    assert "resolution" not in page.form("/edit").names
    assert {f"way-{tee}", f"way-{mug}"} < page.form("/edit").names
    seen = await shopper.send("/edit", {f"way-{tee}": "store_credit", f"way-{mug}": "gift_card"})
    assert "Before €30.00 · Now €32.00" in seen.text
    await shopper.send("/edit")
    assert [way for _, way, _ in (await held(counter))[0]] == ["store_credit", "gift_card"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"resolution": "gift_card"}, "The shop does not offer that for what you send back. Choose another way."),
        ({"resolution": "money"}, "Choose one of the ways"),
        ({"method": "in_store"}, "The items cannot come back that way. Choose another way."),
        ({"method": "pigeon"}, "Choose one of the ways"),
        ({}, "That is what you are returning already."),
    ],
)
async def test_what_is_not_offered_is_refused_and_nothing_moves(
    counter: Counter, fields: dict[str, str], said: str
) -> None:
    shopper, _, _ = await sent(counter, methods=WAYS)

    page = await shopper.send("/edit", fields)

    assert (page.status, page.source.count(said)) == (422, 2)
    assert "<title>Error:" in page.source
    assert await held(counter) == (as_sent(), "label", 2_510)


async def test_a_way_that_one_item_does_not_offer_is_told_at_that_item(counter: Counter) -> None:
    shopper, _, mug = await sent(counter, mug=OFFERS[:1])
    await shopper.open(f"/R-{shopper.page.url.rpartition('/R-')[2]}?each=1")

    page = await shopper.send("/edit", {f"way-{mug}": "store_credit"})

    assert (page.status, f'id="way-{mug}-error"' in page.source) == (422, True)
    assert await held(counter) == (as_sent(), "own_carrier", 3_000)


async def test_another_reason_is_judged_anew_and_approved_where_the_policy_does_so_by_itself(counter: Counter) -> None:
    shopper, tee, mug = await sent(counter)
    some = await shopper.send("/edit", {f"reason-{tee}": "damaged"})
    assert "The shop looks at the change and writes to you." in some.text
    await shopper.open(f"/R-{shopper.page.form('/edit').action.rpartition('/R-')[2]}")

    seen = await shopper.send("/edit", {f"reason-{tee}": "damaged", f"reason-{mug}": "damaged"})
    assert "The change is approved at once." in seen.text
    await shopper.send("/edit")

    assert (await held(counter))[0] == [("damaged", "refund_original", "approved")] * 2


async def test_figures_that_changed_meanwhile_are_shown_before_anything_is_changed(counter: Counter) -> None:
    shopper, _, _ = await sent(counter, methods=WAYS)
    await shopper.send("/edit", resolution="store_credit", method="own_carrier")
    dear = MethodOffer(MethodKind.OWN_CARRIER, fee=Fee(fixed_minor=100, per=FeePer.PARCEL))
    await counter.publish(document=offering(OFFERS, (LABEL, dear)))

    page = await shopper.send("/edit")

    assert "The amount changed since you saw it. Check it once more." in page.text
    assert await held(counter) == (as_sent(), "label", 2_510)
    await shopper.send("/edit")
    assert await held(counter) == (as_sent("store_credit"), "own_carrier", 2_900)


async def test_the_return_of_another_order_is_not_there(counter: Counter) -> None:
    shopper, _, _ = await sent(counter)
    path, form = shopper.page.url.rpartition("/R-")[2], shopper.page.form("/edit")
    other = await counter.let_in(number="#1002")

    page = await other.open(f"/R-{path}")
    token = (await other.open("/items")).form("/items").fields["_csrf"]
    answer = await other.post(form.action, {**form.fields, "_csrf": token, "resolution": "store_credit"})

    assert (page.status, answer.status_code) == (404, 404)
    assert await held(counter) == (as_sent(), "own_carrier", 3_000)
