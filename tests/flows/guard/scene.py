"""People of the staff on a stage, who act under their own names."""

from uuid import UUID

from retour.core.account import Role
from retour.core.breaker import Limits
from retour.core.rma import Grade
from retour.core.second import SecondRule
from retour.flows import account, guard, receiving, rma
from retour.store import rma as returns
from retour.store.ids import new_id
from retour.store.order import OrderRecord
from tests.flows.stage import Stage, now


async def a_person(stage: Stage, role: Role = Role.OWNER) -> str:
    """Add a member of the staff and return how events name them."""
    async with stage.database.tx(stage.tenant_id) as db:
        member = await account.add_staff(
            db, email=f"{new_id().hex}@shop.example", name="Somebody", role=role, password_hash=None, actor="test",
            now=now(),
        )  # fmt: skip
    return f"staff:{member.id}"


async def guarded(
    stage: Stage, *, second: SecondRule | None = None, limits: Limits | None = None, by: str = "test"
) -> None:
    """Set what guards the store's money."""
    async with stage.database.tx(stage.tenant_id) as db:
        await guard.change_guard(
            db, store_id=stage.store_id, second=second or SecondRule(), limits=limits or Limits(), actor=by, now=now()
        )


async def handled_by(stage: Stage, order: OrderRecord, who: str, quantity: int = 1) -> UUID:
    """Take a return to its inspection, approved and inspected by that person, and drive it as far as it goes."""
    rma_id = await stage.request(order, quantity)
    async with stage.database.tx(stage.tenant_id) as db:
        await rma.approve(db, rma_id=rma_id, actor=who, now=now())
    await stage.drive(rma_id)
    await stage.receive(rma_id)
    await inspected_by(stage, rma_id, quantity, who)
    await stage.drive(rma_id)
    return rma_id


async def inspected_by(stage: Stage, rma_id: UUID, quantity: int, who: str) -> None:
    """Let that person inspect units of a return."""
    async with stage.database.tx(stage.tenant_id) as db:
        record = await returns.load(db, rma_id)
        assert record is not None
        verdicts = [receiving.Verdict(record.rma.lines[0].id, quantity, Grade.SEALED)]
        await receiving.inspect(db, rma_id=rma_id, verdicts=verdicts, actor=who, now=now(), policies=stage.policies)
