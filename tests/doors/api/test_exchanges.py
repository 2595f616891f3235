"""Exchanges over the API: under the policy's terms, to the cent, and written nowhere."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from retour.core.account import Role
from retour.core.policy.outcome import (
    DownCharge,
    ExchangeItems,
    ExchangePrice,
    ExchangeTerms,
    Fee,
    FeePer,
    ResolutionKind,
    ResolutionOffer,
    Resolutions,
    UpCharge,
)
from retour.core.policy.template import template
from retour.flows import policy
from retour.store.db import Database
from retour.store.vault import Vault
from tests.doors.api.a_return import Shop, open_shop
from tests.doors.api.conftest import code_of

pytestmark = pytest.mark.anyio
TERMS = ExchangeTerms(
    items=ExchangeItems.ANY_PRODUCT, price=ExchangePrice.PAID, up=UpCharge.INVOICE, down=DownCharge.REFUND
)


async def a_shop(database: Database, vault: Vault, *offers: ResolutionOffer) -> Shop:
    shop = await open_shop(database, vault)
    first = template()
    document = replace(first, currency="EUR", defaults=replace(first.defaults, resolutions=Resolutions(offers)))
    async with database.tx(shop.merchant.tenant_id) as db:
        await policy.publish(
            db, store_id=shop.merchant.stores["main"], document=document, actor="cli", now=datetime.now(UTC)
        )
    return shop


def swap(shop: Shop, price: int, **more: Any) -> dict[str, Any]:
    return {
        "order_id": str(shop.order_id),
        "lines": [{"line_ref": "line-1", "quantity": 1, "reason": "too_small"}],
        "wanted": [{"ref": "v2", "quantity": 1, "price_minor": price}],
    } | more


async def ask(http: httpx2.AsyncClient, shop: Shop, body: Any, role: Role = Role.OWNER) -> httpx2.Response:
    return await http.post("/exchanges/quote", json=body, headers=shop.merchant.headers(role))


EXCHANGE = ResolutionOffer(ResolutionKind.EXCHANGE, exchange=TERMS)
FEE = ResolutionOffer(ResolutionKind.EXCHANGE, exchange=TERMS, restocking_fee=Fee(fixed_minor=150, per=FeePer.UNIT))


@pytest.mark.parametrize(
    ("offer", "price", "more", "figures"),
    [
        (EXCHANGE, 1_000, {}, (True, 0, 0, 0, 1_000)),
        (EXCHANGE, 1_475, {}, (False, 475, 0, 0, 1_475)),
        (EXCHANGE, 1_475, {"collect_at_most_minor": 100}, (False, 100, 0, 0, 1_100)),
        (EXCHANGE, 700, {}, (False, 0, 300, 0, 700)),
        (FEE, 1_475, {}, (False, 625, 0, 150, 1_475)),
        (FEE, 700, {}, (False, 0, 150, 150, 700)),
    ],
)
async def test_an_exchange_is_quoted_under_the_terms_of_the_policy(
    http: httpx2.AsyncClient, database: Database, vault: Vault,
    offer: ResolutionOffer, price: int, more: dict[str, Any], figures: tuple[object, ...],
) -> None:  # fmt: skip
    shop = await a_shop(database, vault, offer)

    answer = await ask(http, shop, swap(shop, price, **more))

    assert answer.status_code == 200, answer.text
    told = answer.json()
    seen = (
        told["even"],
        told["collect_minor"],
        told["pay_back_minor"],
        told["fees_minor"],
        told["carried"][0]["gross_minor"],
    )
    assert seen == figures
    assert (told["currency"], told["given_minor"], told["price_minor"]) == ("EUR", 1_000, price)
    assert [told["explanation"][n]["code"] for n in (0, 1, -1)] == ["given", "price", "carried"]


async def test_what_the_policy_does_not_exchange_is_refused_with_its_code(
    http: httpx2.AsyncClient, database: Database, vault: Vault
) -> None:
    shop = await a_shop(database, vault, ResolutionOffer(ResolutionKind.REFUND_ORIGINAL))
    exchanging = await a_shop(database, vault, EXCHANGE)

    not_offered = await ask(http, shop, swap(shop, 1_000))
    too_many = await ask(
        http, exchanging, swap(exchanging, 1_000, lines=[{"line_ref": "line-1", "quantity": 3, "reason": "x"}])
    )
    foreign = await ask(http, exchanging, swap(shop, 1_000))
    clerk = await ask(http, exchanging, swap(exchanging, 1_000), Role.WAREHOUSE)

    assert code_of(not_offered) == (422, "exchange_not_offered")
    assert code_of(too_many) == (409, "more_than_returnable")
    assert code_of(foreign) == (404, "order_not_found")
    assert clerk.status_code == 403
