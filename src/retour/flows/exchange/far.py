"""What the new order of an exchange needs from outside: connectors, credentials, clock; and what it saw there."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from retour.core.effect import EffectKind, Target
from retour.core.order import Fetched
from retour.core.platforms import Platforms
from retour.core.ports import Article, CommerceConnector, Credential, DraftSeen
from retour.store import effect as effects
from retour.store import exchange_order as rows
from retour.store.connection import Connection
from retour.store.db import Database, Db
from retour.store.exchange_order import ExchangeOrder
from retour.store.order import Mirrored
from retour.store.policy import PolicyCache
from retour.store.rma import ReturnRecord

Mirror = Callable[[Db, UUID, Fetched, datetime], Awaitable[Mirrored]]


@dataclass(frozen=True, slots=True)
class Far:
    """What carries new orders out; `poll` is how often an unpaid one is looked at, `awaited` a lost nudge made good."""

    database: Database
    connectors: Callable[[str], CommerceConnector]
    open_credential: Callable[[Connection], Credential]
    platforms: Platforms
    policies: PolicyCache
    clock: Callable[[], datetime]
    mirror: Mirror
    poll: timedelta = timedelta(minutes=5)
    awaited: timedelta = timedelta(minutes=10)
    pause: timedelta = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read on the platform for one look: articles by the name asked for, a draft, the order as kept."""

    articles: Mapping[str, Article] | None = None
    draft: DraftSeen | None = None
    order_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a new order under its return's lock."""

    db: Db
    far: Far
    tenant_id: UUID
    record: ReturnRecord
    connection: Connection
    order: ExchangeOrder
    now: datetime

    async def save(self, order: ExchangeOrder) -> None:
        """Write how the order stands now; it cannot have moved on meanwhile."""
        saved = await rows.save(self.db, order, was=self.order.state)
        assert saved, "it is read and written under its return's lock"

    async def plan(self, kind: EffectKind, target: Target) -> UUID:
        """Plan the next call about the order, with a job, and return its effect."""
        capability = self.far.platforms.records[self.connection.platform][kind]
        business_ref = f"exchange:{self.order.settlement_id}:{self.order.tries}"
        return await effects.plan_next(
            self.db,
            effects.Planned(
                kind=kind,
                business_ref=business_ref,
                reference=f"R-{self.record.rma.number}",
                target=target,
                connection_id=self.connection.id,
                order_id=self.record.order_id,
                rma_id=self.record.rma.id,
                platforms=self.far.platforms,
                capability=capability,
            ),
            tenant_id=self.tenant_id,
            at=self.now,
        )
