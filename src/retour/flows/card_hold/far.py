"""What the authorisation of a card needs from outside: connectors, credentials, clock; and what it saw there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from retour.core.card import CardSeen, PageSeen
from retour.core.effect import EffectKind, Target
from retour.core.event import EventType
from retour.core.hold import Goods, Hold
from retour.core.platforms import Platforms
from retour.core.ports import Article, CardHolder, CommerceConnector, Credential
from retour.store import card_hold as rows
from retour.store import effect as effects
from retour.store import rma as returns
from retour.store.connection import Connection
from retour.store.db import Database, Db
from retour.store.order import OrderRecord
from retour.store.policy import PolicyCache
from retour.store.rma import ReturnRecord


@dataclass(frozen=True, slots=True)
class Far:
    """What carries holds out; `awaited` makes good for a nudge that was lost, `pause` is before a read that failed."""

    database: Database
    providers: Callable[[str], CardHolder]
    connectors: Callable[[str], CommerceConnector]
    open_credential: Callable[[Connection], Credential]
    platforms: Platforms
    policies: PolicyCache
    clock: Callable[[], datetime]
    awaited: timedelta = timedelta(minutes=10)
    pause: timedelta = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read for one look: the provider's page (`page` is nothing if it is unknown there), articles by name.

    `card` is the authorisation as the provider shows it: nothing if there is none, or none that this key knows.
    """

    looked: bool = False
    page: PageSeen | None = None
    articles: Mapping[str, Article] | None = None
    card: CardSeen | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a hold under its return's lock."""

    db: Db
    far: Far
    tenant_id: UUID
    record: ReturnRecord
    order: OrderRecord
    connection: Connection
    hold: Hold
    goods: Goods
    seen: Seen
    now: datetime

    async def save(self, hold: Hold) -> bool:
        """Write how the hold stands now; return whether it is looked at again at once."""
        await rows.save(self.db, hold)
        return hold.due_at is not None and hold.due_at <= self.now

    async def await_(self, hold: Hold, kind: EffectKind, target: Target) -> bool:
        """Plan the next call and write the hold that awaits its outcome."""
        effect_id = await self.plan(kind, target)
        return await self.save(replace(hold, effect_id=effect_id, due_at=self.now + self.far.awaited))

    async def plan(self, kind: EffectKind, target: Target) -> UUID:
        """Plan a call about the hold, with a job, and return its effect."""
        capability = self.far.platforms.cards[self.connection.platform][kind]
        business_ref = f"hold:{self.hold.id}"
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

    async def tell(self, what: EventType, hold: Hold, **facts: object) -> None:
        """Write the event of what was just written, with the figures of the hold."""
        data = {
            "hold_id": hold.id, "amount_minor": hold.amount_minor, "currency": hold.currency,
            "held_until": hold.lapses_at, "send_by": hold.send_by, **facts,
        }  # fmt: skip
        await returns.changed(self.db, self.record, what, actor="retour", at=self.now, data=data)
