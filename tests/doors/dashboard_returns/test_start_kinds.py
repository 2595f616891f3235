"""Staff start what the shopper asks for: a claim, a cancellation, a gift, a withdrawal; each with what it needs."""

import html
import re
from dataclasses import replace
from typing import Any

import pytest

from retour.core.policy.outcome import ResolutionKind, ResolutionOffer, Resolutions
from retour.core.policy.template import template
from retour.flows import policy
from retour.store.order import OrderRecord
from retour.store.vault import Vault
from tests.doors.dashboard_returns.clerk import Clerk, Page
from tests.doors.dashboard_returns.scene import Scene
from tests.doors.dashboard_returns.test_withdrawals import REKEY
from tests.stories.house import now

pytestmark = pytest.mark.anyio

OFFERS = Resolutions((ResolutionOffer(ResolutionKind.REFUND_ORIGINAL), ResolutionOffer(ResolutionKind.STORE_CREDIT)))
NEWEST = """
SELECT r.kind, r.gift, r.status, r.method, l.reason, l.quantity, p.email, o.person_id = r.person_id AS is_giver
  FROM rma r JOIN return_line l ON l.tenant_id = r.tenant_id AND l.rma_id = r.id
  JOIN person p ON p.tenant_id = r.tenant_id AND p.id = r.person_id
  JOIN sales_order o ON o.tenant_id = r.tenant_id AND o.id = r.order_id
 WHERE r.order_id = $1
"""
HALF_SENT = {
    "sku": "RT-MUG-SET", "name": "Stoneware mugs, set of 4", "price": "38.00", "quantity": 3, "fulfilled": 1,
    "taxes": [["VAT", "0.19"]],
}  # fmt: skip


async def row(scene: Scene, order: OrderRecord) -> Any:
    async with scene.house.web.tx(scene.house.tenant) as db:
        return await db.fetchrow(NEWEST, order.id)


def hidden(page: Page) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', page.text)
    return {name: html.unescape(value) for name, value in found}


async def start(clerk: Clerk, order: OrderRecord, kind: str, **fields: Any) -> Page:
    """Fill in the form of a kind and confirm the amount."""
    at = f"/dashboard/orders/{order.id}/return"
    page = await clerk.send(f"{at}?kind={kind}", to=at, line="0", **fields)
    if page.status != 200 or "hash" not in hidden(page):
        return page
    return await clerk.post(at, hidden(page))


async def test_a_claim_about_what_never_arrived_waits_for_nothing(scene: Scene, ben: Clerk) -> None:
    order = await scene.order(name="Ida Sand")
    page = await ben.get(f"/dashboard/orders/{order.id}/return?kind=claim")
    assert "Parcel never arrived" in page.words
    assert "Changed mind" not in page.words

    done = await start(ben, order, "claim", **{"quantity-0": "1", "reason-0": "never_arrived"})

    assert done.status == 303, done.words
    found = await row(scene, order)
    assert (found["kind"], found["method"], found["reason"]) == ("claim", "nothing", "never_arrived")


async def test_units_that_were_not_sent_are_cancelled_and_no_others(scene: Scene, ben: Clerk) -> None:
    order = await scene.order(HALF_SENT, name="Ida Sand")
    assert "Start a return" in (await ben.get(f"/dashboard/orders/{order.id}")).words

    many = await start(ben, order, "cancellation", **{"quantity-0": "3", "reason-0": "changed_mind"})
    assert "Enter 1 to 2" in many.words
    assert await row(scene, order) is None
    done = await start(ben, order, "cancellation", **{"quantity-0": "2", "reason-0": "changed_mind"})

    assert done.status == 303, done.words
    found = await row(scene, order)
    assert (found["kind"], found["method"], found["quantity"]) == ("cancellation", "nothing", 2)


async def test_a_gift_is_its_receivers_and_becomes_credit(scene: Scene, ben: Clerk) -> None:
    order = await scene.order(name="Ida Sand")
    document = template(automatic=True)
    async with scene.house.web.tx(scene.house.tenant) as db:
        document = replace(document, defaults=replace(document.defaults, resolutions=OFFERS))
        await policy.publish(db, store_id=order.store_id, document=document, actor="cli", now=now())
    page = await ben.get(f"/dashboard/orders/{order.id}/return?kind=gift")
    assert 'value="refund_original"' not in page.text
    units = {"quantity-0": "1", "reason-0": "changed_mind"}

    nowhere = await start(ben, order, "gift", email="nowhere", resolution="store_credit", **units)
    assert "Enter an e-mail address such as name@example.com." in nowhere.words
    money = await start(ben, order, "gift", email="mila@example.com", resolution="refund_original", **units)
    assert money.status == 422
    assert await row(scene, order) is None
    done = await start(
        ben, order, "gift", email="mila@example.com", name="Mila Moe", resolution="store_credit", **units
    )

    assert done.status == 303, done.words
    found = await row(scene, order)
    assert (found["kind"], found["gift"], found["email"], found["is_giver"]) == (
        "return", True, "mila@example.com", False,
    )  # fmt: skip
    assert "Gift, returned by its receiver" in (await ben.get(done.headers["location"])).words


async def test_a_withdrawal_is_kept_acknowledged_and_opened_at_once(scene: Scene, ben: Clerk, vault: Vault) -> None:
    order = await scene.order(name="Ida Sand")
    key = vault.new_person_key(tenant_id=scene.house.tenant, person_id=order.person_id)
    async with scene.house.web.tx(scene.house.tenant) as db:
        await db.execute(REKEY, order.person_id, key)
    page = await ben.get(f"/dashboard/orders/{order.id}/return?kind=withdrawal")
    assert 'value="ida@example.com"' in page.text

    stranger = await start(
        ben, order, "withdrawal", name="Ida Sand", contact="other@example.com", **{"quantity-0": "1"}
    )
    assert "say why it counts" in stranger.words
    async with scene.house.web.tx(scene.house.tenant) as db:
        assert await db.fetchval("SELECT count(*) FROM withdrawal") == 0
    done = await start(ben, order, "withdrawal", name="Ida Sand", contact="ida@example.com", **{"quantity-0": "1"})

    assert done.status == 303, done.words
    found = await row(scene, order)
    assert (found["kind"], found["status"], found["quantity"]) == ("withdrawal", "approved", 1)
    async with scene.house.web.tx(scene.house.tenant) as db:
        assert await db.fetchval("SELECT state FROM withdrawal") == "matched"
        assert await db.fetchval("SELECT count(*) FROM mail WHERE kind = 'withdrawal_received'") == 1


async def test_a_withdrawal_of_several_items_needs_no_reason_of_any(scene: Scene, ben: Clerk, vault: Vault) -> None:
    order = await scene.order(HALF_SENT | {"quantity": 1}, {**HALF_SENT, "sku": "RT-TRAY"}, name="Ida Sand")
    key = vault.new_person_key(tenant_id=scene.house.tenant, person_id=order.person_id)
    async with scene.house.web.tx(scene.house.tenant) as db:
        await db.execute(REKEY, order.person_id, key)
    at = f"/dashboard/orders/{order.id}/return"

    done = await ben.send(
        f"{at}?kind=withdrawal", to=at, line=["0", "1"], name="Ida Sand", contact="ida@example.com",
        **{"quantity-0": "1", "quantity-1": "1"},
    )  # fmt: skip

    assert done.status == 303, done.words
    async with scene.house.web.tx(scene.house.tenant) as db:
        found = await db.fetch(NEWEST, order.id)
    assert [(one["kind"], one["status"], one["quantity"]) for one in found] == [("withdrawal", "approved", 1)] * 2


async def test_a_made_up_kind_is_a_return(scene: Scene, ben: Clerk) -> None:
    order = await scene.order(name="Ida Sand")

    page = await ben.get(f"/dashboard/orders/{order.id}/return?kind=theft")

    assert 'name="kind" value="return"' in page.text


THREE_SENT = {
    "sku": "RT-MUG-SET", "name": "Stoneware mugs, set of 4", "price": "38.00", "quantity": 3, "fulfilled": 3,
    "taxes": [["VAT", "0.19"]],
}  # fmt: skip


@pytest.mark.parametrize("kind", ["return", "gift", "withdrawal"])
async def test_a_form_that_is_sent_twice_starts_one_return(scene: Scene, vault: Vault, ben: Clerk, kind: str) -> None:
    document = template(automatic=True)
    offering = replace(document, defaults=replace(document.defaults, resolutions=OFFERS))
    await scene.house.do(
        lambda db: policy.publish(db, store_id=scene.house.store, document=offering, actor="owner", now=now())
    )
    order, another = [await scene.order(THREE_SENT, name="Ida Sand") for _ in range(2)]
    for one in (order, another):
        key = vault.new_person_key(tenant_id=scene.house.tenant, person_id=one.person_id)
        async with scene.house.web.tx(scene.house.tenant) as db:
            await db.execute(REKEY, one.person_id, key)
    at = f"/dashboard/orders/{order.id}/return"
    fields = {"line": "0", "quantity-0": "1", "email": "ida@example.com"}
    if kind == "withdrawal":
        asked = hidden(await ben.get(f"{at}?kind={kind}"))
        confirmed = asked | fields | {"name": "Ida Sand", "contact": "ida@example.com"}
    else:
        chosen = fields | {"reason-0": "too_small", "resolution": "store_credit"}
        confirmed = hidden(await ben.send(f"{at}?kind={kind}", to=at, **chosen))

    first, second = await ben.post(at, confirmed), await ben.post(at, confirmed)
    elsewhere = await ben.post(f"/dashboard/orders/{another.id}/return", confirmed)

    assert (first.status, second.status) == (303, 303), second.words
    assert second.headers["location"] == first.headers["location"]
    assert elsewhere.headers.get("location") != first.headers["location"]
    async with scene.house.web.tx(scene.house.tenant) as db:
        assert await db.fetchval("SELECT count(*) FROM rma WHERE order_id = $1", order.id) == 1
