"""The sandbox as one ASGI application: shop, carrier, warehouse, mail, control desk and the shop's own pages."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from starlette.applications import Starlette

from retour.sandbox.admin.pages import FRAME, Admin
from retour.sandbox.cards import Cards
from retour.sandbox.carrier import Carrier
from retour.sandbox.control import Control
from retour.sandbox.mail.desk import Desk
from retour.sandbox.mail.server import Mailroom
from retour.sandbox.misbehaviour import Plan
from retour.sandbox.posting import PostOffice
from retour.sandbox.returns_system import ReturnsSystem
from retour.sandbox.shopify import catalogue
from retour.sandbox.shopify.announce import Announcer
from retour.sandbox.shopify.gateway import PATH, Gateway
from retour.sandbox.shopify.mutations import subscribe
from retour.sandbox.shopify.schema import executable_schema
from retour.sandbox.shopify.seed import seed_orders
from retour.sandbox.shopify.state import Settings, Shop
from retour.sandbox.warehouse import Warehouse

SCOPES = [
    "read_orders",
    "write_orders",
    "read_all_orders",
    "read_returns",
    "write_returns",
    "read_customers",
    "read_products",
    "read_inventory",
    "write_inventory",
    "read_locations",
    "read_fulfillments",
    "read_draft_orders",
    "write_draft_orders",
]


class Sandbox:
    """One shop, carrier, warehouse, returns system and mail server; an ASGI application."""

    def __init__(
        self,
        *,
        seed: int,
        orders: int,
        settings: Settings,
        domain: str,
        webhook_urls: Sequence[str],
        carrier_url: str | None,
        carrier_secret: str,
    ) -> None:
        self._first = settings
        self._seed, self._orders, self._domain = seed, orders, domain
        self._webhook_urls = list(webhook_urls)
        self.plan = Plan()
        self.office = PostOffice()
        self.announcer = Announcer(self.office)
        self.carrier = Carrier(url=carrier_url, secret=carrier_secret)
        self.warehouse = Warehouse()
        self.cards = Cards()
        self.returns_system = ReturnsSystem()
        self.mail = Mailroom()
        self.shop = self._fresh()
        self.gateway = Gateway(self.shop, self.plan, self.announcer)
        executable_schema()
        pages = [*Desk(self.mail, frame=FRAME, domain=self._domain).routes(), *Admin(self).routes()]
        self._desk = Starlette(
            routes=[
                *Control(self).routes(),
                *self.carrier.routes(),
                *self.warehouse.routes(),
                *self.cards.routes(),
                *self.returns_system.routes(),
                *pages,
            ]
        )

    def _fresh(self) -> Shop:
        shop = Shop(seed=self._seed, domain=self._domain, settings=dataclasses.replace(self._first))
        shop.settings.scopes, shop.settings.tokens = list(self._first.scopes), list(self._first.tokens)
        catalogue.stock(shop)
        seed_orders(shop, self._orders)
        self.shop = shop
        for url in self._webhook_urls:
            self.subscribe_all(url)
        return shop

    def subscribe_all(self, url: str) -> None:
        """Send every topic to that address."""
        values: Any = executable_schema().type_map["WebhookSubscriptionTopic"]
        taken = {(s.topic, s.uri) for s in self.shop.subscriptions.values()}
        for topic in values.values:
            if (topic, url) not in taken:
                subscribe(self.shop, topic, url, {})

    def reset(self, *, seed: int | None, orders: int | None) -> None:
        """Start over: orders, stock, keys, rules, settings, deliveries and parcels."""
        self._seed = self._seed if seed is None else int(seed)
        self._orders = self._orders if orders is None else int(orders)
        self.office.close()
        self.office.astray.__init__()  # type: ignore[misc]
        self.office.counts.clear()
        self.plan.clear()
        self.carrier.reset()
        self.warehouse.reset()
        self.cards.reset()
        self.returns_system.reset()
        self.mail.reset()
        self.gateway.shop = self._fresh()
        self.gateway.keys.forget()
        self.gateway.bucket.__init__()  # type: ignore[misc]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request; the shop's own door keeps the raw `send`, so that it can drop connections."""
        if scope["type"] == "http" and PATH.match(scope["path"]):
            await self.gateway(scope, receive, send)
        else:
            await self._desk(scope, receive, send)


def create_app(
    *,
    seed: int = 1,
    orders: int = 200,
    settings: Settings | None = None,
    domain: str = "sandbox.myshopify.com",
    webhook_urls: Sequence[str] = (),
    carrier_url: str | None = None,
    carrier_secret: str = "sandbox-carrier-secret",  # noqa: S107
) -> Sandbox:
    """Return a sandbox with its orders, ready to serve."""
    settings = settings or Settings()
    settings.scopes = settings.scopes or list(SCOPES)
    return Sandbox(
        seed=seed,
        orders=orders,
        settings=settings,
        domain=domain,
        webhook_urls=webhook_urls,
        carrier_url=carrier_url,
        carrier_secret=carrier_secret,
    )
