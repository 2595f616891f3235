"""A shop in the middle of its day: returns in every state that the desk shows, made by the same flows as in earnest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from retour.core.account import Role
from retour.core.effect import EffectKind
from retour.core.rma import Grade
from retour.flows import account as accounts
from retour.flows import rma
from retour.store.desk import listing
from retour.store.desk.narrowed import Filters
from retour.store.order import OrderRecord
from retour.store.password import hash_password
from tests.stories.house import House, Units, now
from tests.stories.test_platform_figures import half_a_euro_less

PASSWORD = "correct horse battery staple"
PEOPLE = {
    Role.OWNER: ("Ana Keller", "ana@example.com"),
    Role.AGENT: ("Ben Okafor", "ben@example.com"),
    Role.WAREHOUSE: ("Jonas Weber", "jonas@example.com"),
}
JACKET = {
    "sku": "TJ-MOS-M", "name": "Trail jacket", "price": "129.00", "quantity": 1, "fulfilled": 1, "taxes": [["VAT", "0.19"]],
    "discounts": [{"percent": "10", "code": "SPRING10", "title": "SPRING10"}],
}  # fmt: skip
SOCKS = {
    "sku": "MS-RST", "name": "Merino socks", "price": "14.00", "quantity": 2, "fulfilled": 2, "taxes": [["VAT", "0.19"]],
    "discounts": [{"percent": "10", "code": "SPRING10", "title": "SPRING10"}],
}  # fmt: skip
MUGS = {
    "sku": "RT-MUG-SET", "name": "Stoneware mugs, set of 4", "price": "38.00", "quantity": 2, "fulfilled": 2,
    "taxes": [["VAT", "0.19"]],
}  # fmt: skip


@dataclass
class Scene:
    """The shop, its staff, and its returns by what they wait for."""

    house: House
    staff: dict[Role, UUID] = field(default_factory=dict)
    returns: dict[str, UUID] = field(default_factory=dict)

    def actor(self, role: Role) -> str:
        """Return how events name somebody of the staff."""
        return f"staff:{self.staff[role]}"

    async def number(self, name: str) -> str:
        """Return the public number of one of the returns."""
        async with self.house.web.tx(self.house.tenant) as db:
            row = await db.fetchrow("SELECT number FROM rma WHERE id = $1", self.returns[name])
        assert row is not None
        return f"R-{row['number']}"

    async def version(self, name: str) -> int:
        """Return the version of one of the returns."""
        return (await self.house.see(self.returns[name])).version

    async def hire(self) -> None:
        """Add somebody of each role."""
        for role, (name, email) in PEOPLE.items():
            hashed = await hash_password(PASSWORD)
            async with self.house.web.tx(self.house.tenant) as db:
                member = await accounts.add_staff(
                    db, email=f"{self.house.tenant.hex[:8]}.{email}", name=name, role=role, password_hash=hashed,
                    actor="cli", now=now(),
                )  # fmt: skip
            self.staff[role] = member.id

    async def order(self, *lines: Mapping[str, Any], name: str, **more: Any) -> OrderRecord:
        """Return a fresh order of a shopper of that name."""
        email = f"{name.split(maxsplit=1)[0].lower()}@example.com"
        return await self.house.an_order(*(lines or (MUGS,)), customer=name, email=email, **more)

    async def ask(self, name: str, order: OrderRecord, wishes: Mapping[int, tuple[int, str, str | None]]) -> UUID:
        """Request units {index of the order line: (quantity, reason, note)} in the portal."""
        asked = [rma.Wish(order.order.lines[i].ref, n, why, note) for i, (n, why, note) in wishes.items()]
        self.returns[name] = await self.house.ask(order, asked, channel="portal")
        return self.returns[name]

    async def approve(self, name: str, role: Role = Role.AGENT) -> None:
        """Approve one of the returns and let follow what follows."""
        rma_id, actor = self.returns[name], self.actor(role)
        await self.house.do(lambda db: rma.approve(db, rma_id=rma_id, actor=actor, now=now()))
        await self.house.settle_down()

    async def open_small(self) -> None:
        """Open the store with its staff, one return to decide and one to inspect."""
        await self.house.open()
        await self.hire()
        await self.ask("decide", await self.order(name="Ola Berg"), {0: (1, "changed_mind", None)})
        jacket = await self.order(
            JACKET, SOCKS, name="Mara Lindqvist", shipping={"price": "4.90", "taxes": [["VAT", "0.19"]]}
        )
        wishes = {0: (1, "too_small", "sleeves end above the wrist"), 1: (1, "changed_mind", None)}
        await self.ask("inspect", jacket, wishes)
        await self.approve("inspect")
        await self.house.scan(self.returns["inspect"], "in_transit")
        await self.house.scan(self.returns["inspect"], "delivered")
        await self.house.receive(self.returns["inspect"], {0: 1, 1: 1})

    async def open_whole(self) -> None:
        """Open the store with a return in every state that waits for somebody, and some that do not."""
        await self.open_small()
        await self._moving()
        await self._finished()
        await self._stopped()

    async def _moving(self) -> None:
        await self.ask("shopper", await self.order(name="Lena Fuchs"), {0: (1, "too_large", None)})
        await self.approve("shopper")
        await self.ask("carrier", await self.order(name="Tom Aalto"), {0: (2, "changed_mind", None)})
        await self.approve("carrier")
        await self.house.scan(self.returns["carrier"], "in_transit")
        await self.ask("receipt", await self.order(name="Ida Sand"), {0: (1, "other", None)})
        await self.approve("receipt")
        await self.house.scan(self.returns["receipt"], "in_transit")
        await self.house.scan(self.returns["receipt"], "delivered")
        await self.ask("held", await self.order(name="Per Dahl"), {0: (1, "damaged", None)})
        held, actor = self.returns["held"], self.actor(Role.AGENT)
        await self.house.do(
            lambda db: rma.hold(db, rma_id=held, reason="Asked the shopper for a photo.", actor=actor, now=now())
        )

    async def _finished(self) -> None:
        order = await self.order(JACKET, SOCKS, name="Nina Roth")
        self.returns["done"] = await self.house.returned(order, {0: 1, 1: 2})
        order = await self.order(name="Carl Moe")
        rma_id = self.returns["damaged"] = await self.house.approved(order, {0: 2})
        await self.house.receive(rma_id, {0: 2})
        await self.house.inspect(rma_id, Units(0, 1), Units(0, 1, Grade.DAMAGED))
        rejected = await self.ask("rejected", await self.order(name="Eva Lund"), {0: (1, "changed_mind", None)})
        actor = self.actor(Role.OWNER)
        await self.house.do(
            lambda db: rma.reject(
                db, rma_id=rejected, message="The seal is broken on the photo.", actor=actor, now=now()
            )
        )
        await self.house.settle_down()

    async def _stopped(self) -> None:
        order = await self.order(name="Jan Krol", bend=half_a_euro_less)
        self.returns["differs"] = await self.house.returned(order, {0: 2})
        order = await self.order(name="Sofia Marin")
        rma_id = self.returns["refused"] = await self.house.approved(order, {0: 2})
        await self.house.receive(rma_id, {0: 2})
        await self.house.inspect(rma_id, Units(0, 2), drain=False)
        await self.house.run_until(rma_id, "refund planned")
        await self.house.control("admin-refund", {"order": order.order.ref, "amount": "60.00"})
        await self.house.settle_down()
        assert await self.house.waits(rma_id) == ("finance", "effect_failed")


async def listed(scene: Scene, **filters: Any) -> listing.Listed:
    """Return what the list shows of the scene's account."""
    page = {name: filters.pop(name) for name in ("sort", "place", "page", "size", "known") if name in filters}
    async with scene.house.web.tx(scene.house.tenant) as db:
        return await listing.returns(db, Filters(**filters), **page)


KINDS = EffectKind
