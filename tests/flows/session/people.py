"""Merchants with staff who have passwords; argon2 runs once for all of them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID, uuid4

from retour.core.account import Role
from retour.flows import account as accounts
from retour.flows.session import Knock, SignIn
from retour.store.db import Database
from retour.store.password import hash_password

PASSWORD = "correct horse battery"
SECRET = b"k" * 32
_hashed: list[str] = []


class Clock:
    """A clock that stands until somebody moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_s(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Pauses:
    """Notes the pauses that somebody wanted to make, and makes none."""

    def __init__(self) -> None:
        self.asked_s: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.asked_s.append(seconds)


@dataclass(frozen=True, slots=True)
class House:
    """An account with one member of the staff and two stores."""

    tenant_id: UUID
    staff_id: UUID
    email: str
    stores: tuple[UUID, UUID]


async def open_house(database: Database, *, role: Role = Role.OWNER, email: str | None = None) -> House:
    tenant_id, now = uuid4(), datetime(2026, 5, 1, tzinfo=UTC)
    if not _hashed:
        _hashed.append(await hash_password(PASSWORD))
    async with database.tx(tenant_id) as db:
        await accounts.create_account(db, tenant_id=tenant_id, name=f"Shop {tenant_id}", actor="cli", now=now)
        stores = [
            (
                await accounts.create_store(
                    db, shop_name=name, timezone="Europe/Berlin", currency="EUR", actor="cli", now=now
                )
            ).id
            for name in ("main", "outlet")
        ]
        added = await accounts.add_staff(
            db, email=email or f"Ada-{tenant_id}@example.com", name="Ada King", role=role, password_hash=_hashed[0],
            actor="cli", now=now,
        )  # fmt: skip
    return House(tenant_id, added.id, added.email, (stores[0], stores[1]))


def door(database: Database, clock: Clock, pauses: Pauses | None = None) -> SignIn:
    """Return a sign-in that takes a quarter of a second, however busy the machine is."""
    seconds = count(100.0, 0.25)
    return SignIn(database, SECRET, clock, pauses or Pauses(), lambda: next(seconds))


def knock(house: House, **change: str | None) -> Knock:
    known = {"email": house.email, "password": PASSWORD, "address": f"at {house.tenant_id}", "user_agent": "Firefox"}
    return Knock(**{**known, **change})  # type: ignore[arg-type]  # a test may change any of them
