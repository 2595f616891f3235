"""Connecting a shop from a form: what was typed is checked, sealed at once, and the orders begin to come in."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.doors.dashboard.desk import Visit
from retour.doors.dashboard.installation import Installation
from retour.flows import connection as flow
from retour.flows import order as order_flow
from retour.store.connection import Connection
from retour.store.db import Db
from retour.web.forms import Form, FormErrors
from retour.web.reader import Reader

SANDBOX_DOMAIN: Final = "sandbox.myshopify.com"
SANDBOX_TOKEN: Final = "sandbox-token"  # noqa: S105 - the sandbox is open to everybody who reaches it
_DOMAIN: Final = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop as somebody typed it: its domain, a token that may write, and what else they had."""

    domain: str
    write: str = field(repr=False)
    read: str | None = field(default=None, repr=False)
    webhook_secret: str | None = field(default=None, repr=False)


def read_shopify(sent: Form, errors: FormErrors, reader: Reader) -> Shop | None:
    """Return the shop that a form describes, or nothing after adding what is wrong."""
    domain = re.sub(r"^https?://", "", sent.text("domain").lower()).partition("/")[0]
    if not _DOMAIN.fullmatch(domain):
        errors.add("domain", reader.say("Enter the shop's address, such as fjellhus.myshopify.com"))
    if not sent.text("write"):
        errors.add("write", reader.say("Enter the access token"))
    if errors:
        return None
    return Shop(domain, sent.text("write"), sent.text("read") or None, sent.text("webhook_secret") or None)


async def connect_shopify(seen: Visit, here: Installation, shop: Shop, *, store_id: UUID, since: datetime) -> UUID:
    """Connect a shop and return the connection's id; refuses what `flows.connection.connect` refuses."""
    return await _connect(seen, here, shop, f"https://{shop.domain}", store_id=store_id, since=since)


async def connect_sandbox(seen: Visit, here: Installation, *, store_id: UUID, since: datetime) -> UUID:
    """Connect the sandbox shop of this installation; refuses already_exists, invalid_url."""
    shop = Shop(SANDBOX_DOMAIN, SANDBOX_TOKEN, SANDBOX_TOKEN)
    return await _connect(seen, here, shop, here.sandbox_url or "", store_id=store_id, since=since)


async def _connect(
    seen: Visit, here: Installation, shop: Shop, base_url: str, *, store_id: UUID, since: datetime
) -> UUID:
    async def work(db: Db) -> UUID:
        added: Connection = await flow.connect(
            db, seen.desk.vault, tenant_id=seen.staff.tenant_id, store_id=store_id, platform="shopify",
            far_name=shop.domain, base_url=base_url, write={"token": shop.write},
            read={"token": shop.read} if shop.read else None,
            webhook_secrets=[shop.webhook_secret.encode()] if shop.webhook_secret else (),
            allow_private_urls=here.allow_private_urls, actor=seen.staff.actor, now=seen.now,
        )  # fmt: skip
        await order_flow.start_sync(db, connection_id=added.id, since=since, at=seen.now)
        return added.id

    return await seen.desk.database.run(seen.staff.tenant_id, work)
