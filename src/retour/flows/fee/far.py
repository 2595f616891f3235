"""What the fee of a return needs from outside: connectors, credentials, clock; and what it saw there."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from retour.core.effect import EffectKind, Target
from retour.core.event import EventType
from retour.core.fee import business_ref
from retour.core.order import Fetched
from retour.core.platforms import Platforms
from retour.core.ports import CommerceConnector, Credential, DraftSeen
from retour.store import effect as effects
from retour.store import fee as rows
from retour.store import rma as returns
from retour.store.connection import Connection
from retour.store.db import Database, Db
from retour.store.effect import Leg
from retour.store.fee import FeeInvoice
from retour.store.order import Mirrored
from retour.store.policy import PolicyCache
from retour.store.rma import ReturnRecord

Mirror = Callable[[Db, UUID, Fetched, datetime], Awaitable[Mirrored]]


@dataclass(frozen=True, slots=True)
class Far:
    """What carries fees out; `poll` is how often an unpaid one is looked at, `awaited` a lost nudge made good."""

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
    """What was read on the platform for one look: the invoice's draft, and the order it was paid with, as kept."""

    draft: DraftSeen | None = None
    order_ref: str | None = None
    order_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a fee under its return's lock."""

    db: Db
    far: Far
    tenant_id: UUID
    record: ReturnRecord
    connection: Connection
    fee: FeeInvoice
    now: datetime

    async def save(self, fee: FeeInvoice) -> None:
        """Write how the fee stands now; it cannot have moved on meanwhile."""
        saved = await rows.save(self.db, fee, was=self.fee.state)
        assert saved, "it is read and written under its return's lock"

    async def tell(self, what: EventType, data: Mapping[str, object]) -> None:
        """Write the event of what was just saved; the return moves on from there."""
        facts = {"currency": self.record.rma.currency, **data}
        await returns.changed(self.db, self.record, what, actor="retour", at=self.now, data=facts)

    async def plan(
        self,
        kind: EffectKind,
        target: Target,
        *,
        order_id: UUID | None = None,
        legs: tuple[Leg, ...] = (),
        amount: tuple[int, int] | None = None,
    ) -> UUID:
        """Plan the next call, with a job, and return its effect; `amount` of money that moves is (presentment, shop)."""
        capability = self.far.platforms.records[self.connection.platform][kind]
        ref, of_order = business_ref(self.fee.rma_id, self.fee.tries), order_id or self.record.order_id
        return await effects.plan_next(
            self.db,
            effects.Planned(
                kind=kind,
                business_ref=ref,
                reference=f"R-{self.record.rma.number}",
                target=target,
                connection_id=self.connection.id,
                order_id=of_order,
                rma_id=self.record.rma.id,
                platforms=self.far.platforms,
                capability=capability,
                amount_minor=amount[0] if amount else None,
                shop_minor=amount[1] if amount else None,
                currency=self.record.rma.currency if amount else None,
                legs=legs,
            ),
            tenant_id=self.tenant_id,
            at=self.now,
        )
