"""What a shop tells reaches the rules: read, mirrored, gathered, decided on and frozen with the return."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from retour.core.errors import Refused
from retour.core.policy import Rule, decode_facts, template
from retour.core.policy.document import ALWAYS, Compare, Condition, Op
from retour.core.policy.outcome import (
    Eligibility,
    MethodKind,
    MethodOffer,
    Methods,
    Mode,
    NeverBecause,
    Outcomes,
)
from retour.flows import policy, rma
from retour.store.db import Database
from retour.store.ids import new_id
from retour.store.order import OrderRecord
from tests.flows.stage import Stage, now, staged

pytestmark = pytest.mark.anyio

NEVER = Outcomes(Eligibility(Mode.NEVER, because=NeverBecause.NEVER_ELIGIBLE))


@pytest.fixture
async def stage(database: Database, executor_database: Database, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(database, executor_database, tmp_path) as stage:
        yield stage


async def rules(stage: Stage, *conditions: Condition) -> None:
    """Publish a policy that refuses what these conditions say, and offers two ways back."""
    ways = Methods((MethodOffer(MethodKind.OWN_CARRIER), MethodOffer(MethodKind.DROP_OFF)))
    refusing = tuple(Rule(f"r{n}", f"r{n}", NEVER, when) for n, when in enumerate(conditions))
    plain = template()
    document = replace(plain, rules=(*refusing, Rule("ways", "ways", Outcomes(methods=ways), ALWAYS)), currency="EUR")
    async with stage.database.tx(stage.tenant_id) as db:
        await policy.publish(db, store_id=stage.store_id, document=document, actor="test", now=now())


async def told(stage: Stage, **spec: Any) -> OrderRecord:
    """Return an order that the shop tells a lot about."""
    lines = [{"sku": f"S-{new_id().hex[-6:]}", "price": "50", "quantity": 2, "grams": 415, "collections": ["Summer Sale"],
              "properties": [["Engraving", "A.K."]], "discounts": [{"percent": "10", "code": "SPRING"}]}]  # fmt: skip
    made = await stage.shop.post("orders", **({"lines": lines, "email": "ann@example.com"} | spec))
    return await stage.mirror(made["id"])


async def frozen(stage: Stage, rma_id: Any) -> dict[str, object]:
    ((decision,),) = await stage.fetch("SELECT decision FROM rma WHERE id = $1", rma_id)
    return dict(decode_facts(decision[0]["facts"]).values)


async def test_a_return_keeps_what_the_shop_told_of_order_customer_and_article(stage: Stage) -> None:
    order = await told(
        stage, source="pos", risk="MEDIUM", company="Halden GmbH", declined=1, home_country="AT", customer_tags=["vip"],
        customer_past={"orders": 11, "spent": "812.40", "days": 400}, address={"country": "US", "province": "NY", "zip": "10001"},
    )  # fmt: skip

    facts = await frozen(stage, await stage.request(order, 2))

    assert {
        "order.country": "US",
        "order.province": "NY",
        "order.postcode_prefix": "1000",
        "order.channel": "pos",
        "order.risk": "medium",
        "order.failed_payments": 1,
        "order.gateways": ("shopify_payments",),
        "customer.type": "company",
        "customer.tags": ("vip",),
        "customer.country": "AT",
        "customer.email_domain": "example.com",
        "customer.orders_placed": 12,
        "customer.total_spent": 90_240,
        "customer.units_bought": 2,
        "customer.failed_payments": 1,
        "line.weight_g": 415,
        "line.customised": True,
        "line.discount_codes": ("SPRING",),
        "line.times_returned": 0,
        "line.resolution": "refund_original",
        "product.collections": ("summer-sale",),
        "return.opened_by": "api",
        "return.whole_order": True,
        "return.weight_g": 830,
    }.items() <= facts.items()
    assert "customer.days_since_first_order" not in facts


async def test_a_second_return_knows_of_the_first(stage: Stage) -> None:
    first = await told(stage)
    await stage.request(first)
    far_ref = first.order.ref
    ((person,),) = await stage.fetch("SELECT far_ref FROM person WHERE id = $1", first.person_id)
    second = await told(stage, customer_id=person)

    facts = await frozen(stage, await stage.request(second))

    assert second.person_id == first.person_id, far_ref
    assert [facts[f"customer.{name}"] for name in ("earlier_returns", "units_returned", "return_share_bp")] == [
        1,
        1,
        2_500,
    ]
    assert [facts[f"line.{name}"] for name in ("times_returned", "earlier_returned")] == [0, 0]
    again = await frozen(stage, await stage.request(first))
    assert [again[f"line.{name}"] for name in ("times_returned", "earlier_returned")] == [1, 1]
    assert again["customer.earlier_returns"] == 2


async def test_a_rule_about_the_customer_refuses_and_writes_nothing(stage: Stage) -> None:
    await rules(stage, Compare("customer.failed_payments", Op.GTE, 3))
    await told(stage, declined=2)
    careful, careless = await told(stage, declined=2), await told(stage, declined=3)

    await stage.request(careful)
    with pytest.raises(Refused) as refused:
        await stage.request(careless)

    assert refused.value.code == "never_eligible"
    assert await stage.fetch("SELECT count(*) FROM rma WHERE order_id = $1", careless.id) == [(0,)]


async def test_a_rule_about_the_way_back_is_heard_at_submit_and_not_on_opening(stage: Stage) -> None:
    await rules(stage, Compare("return.method", Op.EQ, MethodKind.DROP_OFF.value))
    order = await told(stage)

    async def ask(method: str) -> None:
        async with stage.database.tx(stage.tenant_id) as db:
            wish = rma.Wish(order.order.lines[0].ref, 1, "other")
            asking = rma.Asking(stage.store_id, order.id, (wish,), "portal", method=method)
            await rma.request_return(db, asking, id=new_id(), actor="shopper", now=now(), policies=stage.policies)

    async with stage.database.tx(stage.tenant_id) as db:
        seen = await rma.consider(
            db, store_id=stage.store_id, order_id=order.id, kind="return", channel="portal", now=now(),
            policies=stage.policies,
        )  # fmt: skip
    assert [line.can_return for line in seen.lines] == [True]
    with pytest.raises(Refused, match="cannot be returned"):
        await ask(MethodKind.DROP_OFF.value)
    await ask(MethodKind.OWN_CARRIER.value)
    assert await stage.fetch("SELECT method FROM rma WHERE order_id = $1", order.id) == [("own_carrier",)]
