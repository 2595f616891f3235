"""A store whose orders were delivered, statements made to it, and the worker's step done by hand."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
import pytest

from retour.core.mail import MailKind
from retour.core.order import Fetched, Order, Person
from retour.core.policy.template import template
from retour.core.ports import Unreachable
from retour.core.withdrawal import Statement
from retour.flows import order as orders
from retour.flows import policy, rma
from retour.flows import withdrawal as flow
from retour.store import event, mail
from retour.store import withdrawal as withdrawals
from retour.store.db import Database
from retour.store.ids import new_id
from retour.store.policy import PolicyCache
from retour.store.vault import Vault
from retour.store.withdrawal import Withdrawal
from tests.doors.api.a_return import Shop, open_shop
from tests.flows.order.shop import CANARY, PERSON, an_order, fetched

NOW = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
SAID = Statement("Cara Canary", "#2001", CANARY)
LETTERS = "SELECT id, kind, language, sealed_data, sealed_address FROM mail WHERE resource_id = $1 ORDER BY id"


def delivered(at: datetime, **changes: Any) -> Order:
    """Return order #2001: two units at 10.00 EUR, sent and delivered in one parcel."""
    order = an_order(ref="gid://order/2001", name="#2001", placed_at=at - timedelta(days=3))
    parcel = replace(order.fulfilments[0], shipped_at=at - timedelta(days=1), delivered_at=at)
    return replace(order, fulfilments=(parcel,), **changes)


@dataclass
class Counter:
    """A store, what its platform knows beside the mirror, and the time."""

    shop: Shop
    database: Database
    vault: Vault
    policies: PolicyCache
    now: datetime = NOW
    far: dict[str, Fetched] = field(default_factory=dict)
    gone_s: float | None = None
    asked: list[str] = field(default_factory=list)

    @property
    def tenant_id(self) -> UUID:
        return self.shop.merchant.tenant_id

    @property
    def store_id(self) -> UUID:
        return self.shop.merchant.stores["main"]

    async def order(self, order: Order | None = None, person: Person = PERSON) -> UUID:
        """Let the mirror know an order, delivered yesterday unless another is given."""
        known = order or delivered(self.now - timedelta(days=1))
        async with self.database.tx(self.tenant_id) as db:
            saved = await orders.mirror(
                db,
                self.vault,
                connection_id=self.shop.connection_id,
                fetched=fetched(known, person=person),
                at=self.now,
            )
        return saved.record.id

    async def state(self, said: Statement = SAID, *, id: UUID | None = None, **more: Any) -> UUID:  # noqa: A002
        withdrawal_id = id or new_id()
        place = flow.Place(self.tenant_id, self.store_id, "Europe/Berlin", "portal", "shopper")
        async with self.database.tx(self.tenant_id) as db:
            await flow.state(db, self.vault, place, id=withdrawal_id, said=said, language="de", now=self.now, **more)
        return withdrawal_id

    async def match(self, withdrawal_id: UUID) -> Withdrawal:
        """Do what the worker does, and return the statement as it then stands."""
        matcher = flow.Matcher(
            self.database, self.vault, self.policies, self._read, orders.mirror,
            partial(rma.open_withdrawal, policies=self.policies), lambda: self.now,
        )  # fmt: skip
        await flow.match(matcher, tenant_id=self.tenant_id, withdrawal_id=withdrawal_id)
        return await self.get(withdrawal_id)

    async def get(self, withdrawal_id: UUID) -> Withdrawal:
        async with self.database.tx(self.tenant_id) as db:
            found = await withdrawals.get(db, self.vault, withdrawal_id, tenant_id=self.tenant_id)
        assert found is not None
        return found

    async def assign(self, withdrawal_id: UUID, order_id: UUID, **more: Any) -> int:
        given = {"quantities": None, "reason": None, **more}
        async with self.database.tx(self.tenant_id) as db:
            return await flow.assign(
                db, self.vault, tenant_id=self.tenant_id, withdrawal_id=withdrawal_id, order_id=order_id,
                actor="staff:1", now=self.now, policies=self.policies,
                open_=partial(rma.open_withdrawal, policies=self.policies), **given,
            )  # fmt: skip

    async def close(self, withdrawal_id: UUID, reason: str) -> None:
        async with self.database.tx(self.tenant_id) as db:
            await flow.close(
                db, self.vault, tenant_id=self.tenant_id, withdrawal_id=withdrawal_id, reason=reason, actor="staff:1",
                now=self.now,
            )  # fmt: skip

    async def letters(self, withdrawal_id: UUID) -> list[tuple[str, str, Mapping[str, str]]]:
        """Return the mails about a statement: kind, address, what they tell."""
        async with self.database.tx(self.tenant_id) as db:
            rows = await db.fetch(LETTERS, withdrawal_id)
        return [(row["kind"], self._open(row, "sealed_address").decode(),
                 msgspec.json.decode(self._open(row, "sealed_data"))) for row in rows]  # fmt: skip

    async def events(self, withdrawal_id: UUID) -> list[tuple[str, str]]:
        async with self.database.tx(self.tenant_id) as db:
            found = await event.of_resource(db, resource_kind="withdrawal", resource_id=withdrawal_id)
        return [(one.type, one.actor) for one in found]

    async def publish(self, **changes: Any) -> None:
        async with self.database.tx(self.tenant_id) as db:
            await policy.publish(
                db, store_id=self.store_id, document=replace(template(), **changes), actor="cli", now=self.now
            )

    async def one(self, statement: str, *values: Any) -> Any:
        async with self.database.tx(self.tenant_id) as db:
            return await db.fetchrow(statement, *values)

    def _open(self, row: Any, column: str) -> bytes:
        return self.vault.unlock(row[column], tenant_id=self.tenant_id, purpose=mail.purpose(row["id"]))

    async def _read(self, connection_id: UUID, *, ref: str | None, name: str | None) -> Fetched | None:
        self.asked.append(name or "")
        if self.gone_s is not None:
            raise Unreachable("gone", retry_after_s=self.gone_s)
        return self.far.get(name or "")


@pytest.fixture(scope="session")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    return Vault.open(tmp_path_factory.mktemp("keys"), role="all")


@pytest.fixture
async def counter(database: Database, vault: Vault) -> Counter:
    return Counter(await open_shop(database, vault, orders_made=0), database, vault, PolicyCache())


RECEIVED = MailKind.WITHDRAWAL_RECEIVED.value
ANSWERED = MailKind.WITHDRAWAL_ANSWERED.value
