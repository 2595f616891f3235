"""How the connector notices that a shop took a scope away, or answers in another version."""

from typing import Any

from retour.core.effect import EffectKind
from retour.core.ports import Verdict
from tests.connectors.shopify.carrying import carry, prepared
from tests.connectors.shopify.live_shop import LiveShop, run


def test_a_refund_without_our_scope_asks_for_reconnection() -> None:
    async def story(shop: LiveShop) -> Any:
        effect = await prepared(shop, EffectKind.REFUND_TENDER)
        await shop.post("settings", scopes=["read_orders"])
        health = await shop.connector.probe(shop.at)
        refused = await carry(shop, effect)
        await shop.post("settings", tokens=["another"])
        return refused.verdict, (await carry(shop, effect)).verdict, "refund_tender" in health.capabilities

    assert run(story) == (Verdict.NEEDS_RECONNECT, Verdict.NEEDS_RECONNECT, False)


def test_a_retired_version_is_noticed() -> None:
    async def story(shop: LiveShop) -> Any:
        await shop.post("settings", version="2027-01")
        outcome = await carry(shop, await prepared(shop, EffectKind.TAG))
        return outcome.result["finding"], (await shop.connector.probe(shop.at)).problems

    finding, problems = run(story)

    assert finding == "api_version_differs 2027-01"
    assert problems == ("The shop answers with API version 2027-01 instead of 2026-10.",)
