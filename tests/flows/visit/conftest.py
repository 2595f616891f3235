"""A store with a look and an order, and a shopper who asks for it; the code is read where it is sent."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

import msgspec
import pytest

from retour.core.order import Fetched, Person
from retour.core.ports import Unreachable
from retour.core.visit import Tried
from retour.flows import order as orders
from retour.flows import visit as flow
from retour.flows.visit.typed import Typed
from retour.store import look as looks
from retour.store import mail
from retour.store import visit as visits
from retour.store.db import Database, Db
from retour.store.order import Mirrored
from retour.store.vault import Vault
from retour.store.visit import Visit
from tests.flows.order.shop import PERSON, Shop, an_order, fetched, open_shop

T = TypeVar("T")
START = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
EMAIL = str(PERSON.email)
MAILS = "SELECT id, person_id, sealed_data FROM mail WHERE kind = 'one_time_code' ORDER BY id"


def sha256(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


@dataclass
class Counter:
    """A store's portal without pages: what is asked and typed, what is sent, what the platform knows."""

    database: Database
    vault: Vault
    shop: Shop
    now: datetime = START
    sent: list[tuple[UUID, str]] = field(default_factory=list)
    far: dict[str, Fetched] = field(default_factory=dict)
    far_asked: list[str] = field(default_factory=list)
    unreachable: bool = False

    async def do(self, work: Callable[[Db], Awaitable[T]]) -> T:
        async with self.database.tx(self.shop.tenant_id) as db:
            return await work(db)

    async def order(self, person: Person = PERSON, **changes: Any) -> Mirrored:
        order = fetched(an_order(**changes), person=person)
        return await self.do(
            lambda db: orders.mirror(db, self.vault, connection_id=self.shop.connection_id, fetched=order, at=self.now)
        )

    async def ask(
        self, number: str = "#1001", contact: str = EMAIL, *, browser: str = "one", address: str = "192.0.2.1",
        worker: bool = True,
    ) -> Visit:  # fmt: skip
        visit_id = await self.do(
            lambda db: flow.ask(
                db, self.vault, tenant_id=self.shop.tenant_id, store_id=self.shop.store_id, token_sha256=sha256(browser),
                typed=Typed(number, contact), language="en", address=address, now=self.now,
            )
        )  # fmt: skip
        if worker:
            await self.look_up(visit_id)
        visit = await self.visit(browser)
        assert visit is not None
        assert visit.id == visit_id
        return visit

    async def _read_mails(self) -> None:
        """Read the codes out of the mails that were planned."""
        async with self.database.tx(self.shop.tenant_id) as db:
            rows = await db.fetch(MAILS)
        self.sent = []
        for row in rows:
            purpose, tenant_id = mail.purpose(row["id"]), self.shop.tenant_id
            secret = msgspec.json.decode(self.vault.unlock(row["sealed_data"], tenant_id=tenant_id, purpose=purpose))
            self.sent.append((row["person_id"], secret["code"]))

    async def visit(self, browser: str = "one") -> Visit | None:
        return await self.do(lambda db: visits.find(db, sha256(browser), store_id=self.shop.store_id, at=self.now))

    async def look_up(self, visit_id: UUID) -> None:
        await flow.look_up(
            self.database, self.vault, tenant_id=self.shop.tenant_id, visit_id=visit_id, read=self._read,
            mirror=orders.mirror, clock=lambda: self.now,
        )  # fmt: skip
        await self._read_mails()

    async def type(self, visit: Visit, code: str, *, new: str = "two") -> Tried:
        return await self.do(
            lambda db: flow.try_code(
                db, self.vault, tenant_id=self.shop.tenant_id, visit=visit, typed=code, new_token_sha256=sha256(new),
                now=self.now,
            )
        )  # fmt: skip

    @property
    def code(self) -> str:
        return self.sent[-1][1]

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)

    async def _read(self, connection_id: UUID, *, ref: str | None, name: str | None) -> Fetched | None:
        assert name is not None
        self.far_asked.append(name)
        if self.unreachable:
            raise Unreachable("off", retry_after_s=7)
        return self.far.get(name)


@pytest.fixture(scope="session")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    return Vault.open(tmp_path_factory.mktemp("keys"), role="all")


@pytest.fixture
async def counter(database: Database, vault: Vault) -> Counter:
    shop = await open_shop(database)
    made = Counter(database, vault, shop)
    await made.do(lambda db: looks.add_default(db, store_id=shop.store_id, shop_name=f"Shop {uuid4().hex}", at=START))
    return made


def without_mail() -> Person:
    return replace(PERSON, email=None)
