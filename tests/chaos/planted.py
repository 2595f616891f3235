"""Bugs planted on purpose, to show that the proof would see them."""

import uuid
from dataclasses import replace
from typing import Any

from retour.connectors.http import Http
from retour.connectors.shopify import ShopifyConnector
from retour.core.effect import Effect, EffectKind
from retour.core.ports import ReadBack, WireAnswer, WireRequest
from tests.chaos.plan import Kill

AT_THE_CALL = ("CreateRefund waiting", "CreateRefund answering", "CreateRefund after", "refund_tender#3 before")


class NewKeyEachTime(ShopifyConnector):
    """The bug: a retry goes out under a key of its own."""

    def build(self, effect: Effect) -> WireRequest:
        return super().build(replace(effect, key=str(uuid.uuid4())))


class NeverLooks(ShopifyConnector):
    """The bug: nobody reads back before a refund is sent again; it is simply taken not to have happened."""

    def read_back(self, effect: Effect, answer: WireAnswer) -> ReadBack:
        if effect.kind is EffectKind.REFUND_TENDER:
            return ReadBack("absent")
        return super().read_back(effect, answer)


def connector(plant: str | None, wire: Http) -> ShopifyConnector:
    """Return the product's connector, or one with a bug."""
    if plant == "new_key":
        return NewKeyEachTime(wire)
    return NeverLooks(wire) if plant == "no_read_back" else ShopifyConnector(wire)


def forced(plant: str | None, number: int) -> dict[str, Any]:
    """Return how the plans of a planted bug differ: one unit of four comes back, and who pays dies around the call."""
    kills = (Kill(AT_THE_CALL[number % len(AT_THE_CALL)]),)
    order = {"lines": [{"sku": f"P{number}", "name": "Thing", "price": "10.00", "quantity": 4, "fulfilled": 4}]}
    keys = "kept" if plant == "new_key" else "forgotten"
    settings = {"key_window_s": 86_400.0 if keys == "kept" else 0.01, "list_lag_s": 0.0, "refund_pending": None}
    return {
        "kills": kills, "order": order, "wishes": ((0, 1),), "keys": keys, "settings": settings, "mischief": (),
        "batches": 1, "has_rival": False,
    }  # fmt: skip
