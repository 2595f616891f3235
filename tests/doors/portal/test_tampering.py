"""A shopper's forms with fields and values that no page offered: the promise, the way and the fee stay the policy's."""

from dataclasses import replace
from typing import Any

import pytest

from retour.core.policy.outcome import (
    AnswerKind,
    Fee,
    FeePer,
    Fees,
    MethodKind,
    MethodOffer,
    Methods,
    Question,
    Requirements,
)
from retour.core.policy.template import template
from tests.doors.portal.conftest import Counter
from tests.doors.portal.shopper import Shopper
from tests.doors.portal.test_drafting import all_returns, chosen, reviewed
from tests.web.pdf_text import text_of

pytestmark = pytest.mark.anyio
LABEL = MethodOffer(MethodKind.LABEL, fee=Fee(fixed_minor=490, per=FeePer.PARCEL))
FORGED = {
    "resolution": "store_credit", "price": "1", "total": "99999", "total_minor": "99999", "fee": "0", "fees": "none",
    "waived": "1", "bonus": "5000", "share_bp": "20000", "settle_on": "approved", "kind": "withdrawal", "quantity": "2",
}  # fmt: skip


async def publish(counter: Counter, **defaults: Any) -> None:
    document = template()
    said: dict[str, Any] = {
        "methods": Methods((LABEL, MethodOffer(MethodKind.DROP_OFF))),
        "fees": Fees(return_fee=Fee(fixed_minor=100, per=FeePer.RETURN)),
    }
    await counter.publish(
        document=replace(document, currency="EUR", defaults=replace(document.defaults, **{**said, **defaults}))
    )


async def post(shopper: Shopper, ending: str, **forged: str) -> int:
    """Send the form at hand with fields and values that it does not have, and return the status."""
    form = shopper.page.form(ending)
    answer = await shopper.post(form.action, {**form.fields, **forged})
    return answer.status_code


async def promised(counter: Counter) -> list[tuple[int, str, int]]:
    rows = await all_returns(counter)
    async with counter.database.tx(counter.tenant_id) as db:
        units = [
            await db.fetchval("SELECT sum(quantity) FROM return_line WHERE rma_id = $1", row["id"]) for row in rows
        ]
    return [(row["promised_minor"], row["method"], n) for row, n in zip(rows, units, strict=True)]


async def test_the_fee_of_the_label_is_in_the_amount_that_is_sent(counter: Counter) -> None:
    await publish(counter)
    shopper = await counter.let_in()
    await reviewed(shopper)
    assert "Fee for the return label" in shopper.page.text
    assert "€4.10" in shopper.page.text

    await shopper.open("/way")
    by_hand = await shopper.send("/way", method="drop_off")
    assert "€9.00" in by_hand.text
    await shopper.send("/review")

    assert await promised(counter) == [(900, "drop_off", 1)]


async def test_fields_that_no_page_has_change_nothing(counter: Counter) -> None:
    await publish(counter)
    shopper = await counter.let_in()
    await reviewed(shopper)

    assert await post(shopper, "/review", **{k: v for k, v in FORGED.items() if k != "plan"}) == 303

    assert await promised(counter) == [(410, "label", 1)]


@pytest.mark.parametrize("method", ["keep_item", "own_carrier", "", "<script>", "label ' OR 1=1"])
async def test_a_way_that_was_not_offered_is_not_taken(counter: Counter, method: str) -> None:
    await publish(counter)
    shopper = await counter.let_in()
    await reviewed(shopper)
    await shopper.open("/way")

    assert await post(shopper, "/way", method=method) == 422
    await shopper.open("/review")
    await shopper.send("/review")

    assert await promised(counter) == [(410, "label", 1)]


@pytest.mark.parametrize("resolution", ["store_credit", "keep_item", "exchange", "gift_card:1", "bonus"])
async def test_a_resolution_that_was_not_offered_is_not_taken(counter: Counter, resolution: str) -> None:
    await publish(counter)
    shopper = await counter.let_in()
    key = await chosen(shopper)
    await shopper.send("/reasons", {f"reason-{key}": "changed_mind"})

    assert await post(shopper, "/offers", resolution=resolution) == 422

    assert await all_returns(counter) == []


@pytest.mark.parametrize("plan", ["", "0" * 64, "a+b"])
async def test_a_forged_hash_sends_nothing_and_shows_the_true_amount(counter: Counter, plan: str) -> None:
    await publish(counter)
    shopper = await counter.let_in()
    await reviewed(shopper)

    assert await post(shopper, "/review", plan=plan) == 409

    assert await all_returns(counter) == []


async def test_a_forged_quantity_is_refused_at_its_field(counter: Counter) -> None:
    await publish(counter)
    shopper = await counter.let_in()
    page = await shopper.open("/items")
    key = page.source.partition('id="item-')[2][:10]

    assert await post(shopper, "/items", **{"item": key, f"quantity-{key}": "9"}) == 422

    assert await all_returns(counter) == []


# --- what the policy wants to know ---------------------------------------------------------------------------------------

FIT = Question("fit", "How does it fit?", AnswerKind.CHOICE, ("tight", "loose"))
WORDS = Question("words", "What happened?", required=False)


async def test_questions_are_asked_beside_the_reason_and_kept(counter: Counter) -> None:
    await publish(counter, requirements=Requirements(note=True, questions=(FIT, WORDS)))
    shopper = await counter.let_in()
    key = await chosen(shopper)
    assert "How does it fit?" in shopper.page.text

    missing = await shopper.send("/reasons", {f"reason-{key}": "too_small"})
    assert missing.status == 422
    assert "Answer this question" in missing.text
    assert "Say something about this item" in missing.text
    again = {f"answer-{key}-fit": "tight", f"note-{key}": "A size up"}
    offers = await shopper.send("/reasons", {f"reason-{key}": "too_small", **again})
    assert offers.path == "offers", offers.text
    await shopper.send("/offers", resolution="refund_original")
    await shopper.send("/review")

    async with counter.database.tx(counter.tenant_id) as db:
        assert await db.fetchval("SELECT answers FROM return_line") == {"fit": "tight"}


@pytest.mark.parametrize("answer", ["wide", "<script>", "tight "])
async def test_an_answer_that_is_no_choice_is_refused(counter: Counter, answer: str) -> None:
    await publish(counter, requirements=Requirements(questions=(FIT,)))
    shopper = await counter.let_in()
    key = await chosen(shopper)

    status = await post(shopper, "/reasons", **{f"reason-{key}": "too_small", f"answer-{key}-fit": answer})

    assert status == (303 if answer.strip() == "tight" else 422)


# --- the paper --------------------------------------------------------------------------------------------------------------


async def test_the_shopper_reads_the_same_rows_on_paper(counter: Counter) -> None:
    await publish(counter)
    shopper = await counter.let_in()
    await reviewed(shopper)
    status = await shopper.send("/review")
    assert any(link.endswith("/explanation.pdf") for link in status.links)

    paper = await shopper.http.get(f"{counter.base}/{status.path}/explanation.pdf")

    assert (paper.status_code, paper.headers["content-type"]) == (200, "application/pdf")
    said = " ".join(text_of(paper.content).split())
    for part in ("Fee for the return label", "−€4.90", "€4.10", "All rows together: €4.10."):
        assert part in said
    stranger = await counter.browser()
    refused = await stranger.http.get(f"{counter.base}/{status.path}/explanation.pdf")
    assert refused.headers.get("content-type", "").partition(";")[0] != "application/pdf"
