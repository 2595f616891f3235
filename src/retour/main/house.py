"""What a process of one role holds, and how it is opened: the one place that knows the connectors."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from uuid import UUID

import msgspec

from retour.connectors.feed.client import FeedClient
from retour.connectors.feed.push import RECORD, FeedPush
from retour.connectors.http import Http, Patience
from retour.connectors.mailbox.client import ImapClient
from retour.connectors.picture.client import PictureClient
from retour.connectors.shopify.client import ShopifyConnector
from retour.connectors.stripe.client import RECORD as CARD_RECORD
from retour.connectors.stripe.client import StripeConnector
from retour.connectors.webhook.client import PATIENCE as WEBHOOK_PATIENCE
from retour.connectors.webhook.client import WebhookClient
from retour.core.effect import CARD_KINDS
from retour.core.mailbox import MailboxReader
from retour.core.platforms import FEED, STRIPE, Platforms
from retour.core.ports import (
    CardHolder,
    CommerceConnector,
    Credential,
    EffectConnector,
    FeedReader,
    PictureSource,
    ReturnsSystem,
    Unreachable,
    WebhookSender,
)
from retour.flows import order as order_flow
from retour.settings import Settings
from retour.store import connection as connections
from retour.store.connection import Connection
from retour.store.db import Database
from retour.store.jobs import Job
from retour.store.policy import PolicyCache
from retour.store.vault import Vault

RoleName = Literal["web", "worker", "executor"]
# Planning costs a tenth of a return's way through the effects, all of which ask by id; pages and syncs ask for many rows.
PLANS_ONCE: Final[frozenset[RoleName]] = frozenset({"executor"})
WHOLE_CALL: Final = 1.2  # a whole call may last this many read time-outs


def utc_now() -> datetime:
    """Return the present instant; the only clock of the house beside the database's."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class House:
    """What a process of one role holds: settings, database, keys, connectors."""

    role: RoleName
    settings: Settings
    url: str
    database: Database
    vault: Vault
    connectors: Mapping[str, CommerceConnector]
    webhooks: WebhookSender
    pictures: PictureSource
    platforms: Platforms
    policies: PolicyCache
    feeds: FeedReader | None = None
    mailboxes: MailboxReader | None = None
    returns_systems: Mapping[str, ReturnsSystem] = field(default_factory=dict)
    cards: Mapping[str, CardHolder] = field(default_factory=dict)

    def carrier_to(self, platform: str) -> EffectConnector:
        """Return who carries effects out at a platform, at another returns system, or on cards."""
        return self.returns_systems.get(platform) or self.cards.get(platform) or self.connectors[platform]

    def provider(self, platform: str) -> CardHolder:
        """Return the connector of a provider of card payments."""
        return self.cards[platform]

    def connector(self, platform: str) -> CommerceConnector:
        """Return the connector of a platform that somebody connected."""
        return self.connectors[platform]

    def credential(self, connection: Connection) -> Credential:
        """Open the credential this role may use: the executor the writing one, the worker the reading one."""
        if self.role == "executor":
            assert connection.sealed_write is not None, "a connection has a writing credential"
            opened = self.vault.open_as_executor(connection.sealed_write)
        else:
            if connection.sealed_read is None:
                raise ElsewhereOnly("the connection has no reading credential; the executor reads for it")
            opened = self.vault.open_as_worker(connection.sealed_read)
        secret = msgspec.json.decode(opened, type=dict[str, str])
        settings = {key: str(value) for key, value in connection.settings.items()}
        return Credential(connection.base_url, secret.get("token", ""), settings)


class ElsewhereOnly(Exception):  # noqa: N818 - says where the work belongs
    """Only the executor can open the credential that this work needs."""


def connectors(http: Http) -> dict[str, CommerceConnector]:
    """Return every platform this build can talk to."""
    return {"shopify": ShopifyConnector(http)}


def platforms(settings: Settings, known: Mapping[str, CommerceConnector]) -> Platforms:
    """Return what the platforms are capable of, with the operator's own quiet period where one is set."""
    return Platforms(
        records={name: connector.records for name, connector in known.items()},
        http_timeout=timedelta(seconds=settings.http_timeout_s * WHOLE_CALL),
        quiet_period=None if settings.quiet_s is None else timedelta(seconds=settings.quiet_s),
        push=RECORD,
        cards={STRIPE: dict.fromkeys(CARD_KINDS, CARD_RECORD)},
    )


@asynccontextmanager
async def house(role: RoleName, settings: Settings, url: str) -> AsyncIterator[House]:
    """Open what a role needs and close it at the end."""
    vault = Vault.open(settings.data_dir / "keys", role=role)
    http = Http(
        internal=settings.allow_private_urls,
        patience=Patience(
            connect_s=min(5.0, settings.http_timeout_s),
            read_s=settings.http_timeout_s,
            whole_s=settings.http_timeout_s * WHOLE_CALL,
        ),
    )
    told = Http(internal=settings.allow_private_urls, patience=WEBHOOK_PATIENCE)
    async with http, told:
        known = connectors(http)
        database = await Database.open(
            url,
            name=f"retour-{role}",
            pool_min=settings.pool_min,
            pool_max=settings.pool_max,
            statement_cache=settings.statement_cache,
            plans_once=role in PLANS_ONCE,
        )
        try:
            yield House(
                role=role,
                settings=settings,
                url=url,
                database=database,
                vault=vault,
                connectors=known,
                webhooks=WebhookClient(told),
                pictures=PictureClient(told),
                platforms=platforms(settings, known),
                policies=PolicyCache(),
                feeds=FeedClient(told),
                mailboxes=ImapClient(internal=settings.allow_private_urls),
                returns_systems={FEED: FeedPush(told, clock=utc_now)},
                cards={STRIPE: StripeConnector(http)},
            )
        finally:
            await database.close()


Work = Callable[[UUID, UUID], Awaitable[None]]


Step = Callable[[UUID, UUID], Awaitable[Sequence[Job]]]


async def source(here: House, tenant_id: UUID, connection_id: UUID) -> order_flow.Source:
    """Return where the orders of a connection are read; raise Unreachable if it is not connected."""
    async with here.database.tx(tenant_id) as db:
        connection = await connections.get(db, connection_id)
    if connection is None or connection.state != "connected":
        raise Unreachable("the connection is not connected", needs_reconnect=True)
    return order_flow.Source(tenant_id, connection_id, here.connector(connection.platform), here.credential(connection))
