"""Many returns at once over the API: first what can be done and why not, then done one by one, each with its result."""

from collections.abc import Sequence
from typing import Annotated, Any, Final
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Meta

from retour.core.attention import Priority
from retour.core.bulk import NEEDS, TEXT_MOST, BulkAct, Needs, check_said, why_not
from retour.core.errors import Refused
from retour.doors.api.operation import Call, Operation
from retour.doors.api.return_list import Tag
from retour.doors.api.roles import may
from retour.doors.api.shapes import NO_NUL, Asked, Told
from retour.flows import rma as flow
from retour.store import intake
from retour.store.desk import listing
from retour.store.desk.listing import Row
from retour.store.desk.narrowed import Filters

MOST: Final = 500  # returns of one call
MISSING: Final = "return_not_found"
# Who may do an act to many is who may do it to one.
_ALONE: Final = {
    BulkAct.APPROVE: "approve_return", BulkAct.REJECT: "reject_return", BulkAct.CANCEL: "cancel_return",
    BulkAct.ASSIGN: "assign_return", BulkAct.TAG: "tag_return", BulkAct.UNTAG: "tag_return",
    BulkAct.PRIORITY: "prioritise_return", BulkAct.HOLD: "hold_return", BulkAct.RELEASE: "hold_return",
    BulkAct.NOTE: "add_return_note",
}  # fmt: skip


class BulkItem(Asked):
    """One return; with the version that a preview showed, what somebody changed meanwhile is left alone."""

    id: UUID
    expect_version: Annotated[int, Meta(ge=0, le=2_147_483_647)] | None = None


Items = Annotated[list[BulkItem], Meta(min_length=1, max_length=MOST)]


class BulkPreviewWish(Asked):
    """What is to be done, to which returns."""

    act: BulkAct
    items: Items


class BulkWish(Asked):
    """The same with what the act needs: `message` to reject (shoppers read it), hold or note; otherwise what it is called."""

    act: BulkAct
    items: Items
    message: Annotated[str, Meta(max_length=TEXT_MOST, pattern=NO_NUL)] = ""
    staff_id: UUID | None = None
    tag: Tag | None = None
    priority: Priority | None = None


class BulkRow(Told):
    """One return: whether it can be done (was done), else the code of why not; `version` is what the next run may expect."""

    id: UUID
    number: str | None
    version: int | None
    ok: bool
    code: str | None
    message: str | None


class BulkOut(Told):
    """Every return in the order of the call."""

    act: BulkAct
    ok: int
    not_ok: int
    items: list[BulkRow]


async def preview_bulk(call: Call, wish: BulkPreviewWish) -> BulkOut:
    """Say to which returns an act can be done."""
    _allow(call, wish.act)
    known = await _rows(call, wish.items)
    found = [_seen(known.get(item.id), item, wish.act) for item in _once(wish.items)]
    return _out(wish.act, found)


async def run_bulk(call: Call, wish: BulkWish) -> BulkOut:
    """Do it to each; what is refused leaves the others alone."""
    _allow(call, wish.act)
    said = _said(wish)
    check_said(wish.act, said)
    known = await _rows(call, wish.items)
    results: dict[UUID, BulkRow] = {}
    # Everybody locks in the same order: the orders first, then their returns.
    for item in sorted(_once(wish.items), key=lambda one: _place(known.get(one.id), one)):
        results[item.id] = await _one(call, wish.act, item, known.get(item.id), said)
    after = await _rows(call, [item for item in wish.items if results[item.id].ok])
    return _out(wish.act, [_now(results[item.id], after.get(item.id)) for item in _once(wish.items)])


async def _one(call: Call, act: BulkAct, item: BulkItem, row: Row | None, said: str) -> BulkRow:
    """Do an act to one return; nothing of it stays if it is refused."""
    seen = _seen(row, item, act)
    if row is None or not seen.ok:
        return seen
    try:
        async with intake.apart(call.db):
            await flow.do_one(
                call.db,
                act,
                rma_id=row.id,
                said=said,
                actor=call.actor,
                now=call.now,
                expect_version=item.expect_version,
            )
    except Refused as no:
        return _row(row, item, no.code, no.message)
    except asyncpg.IntegrityConstraintViolationError:
        return _row(row, item, "conflict", "the database refuses it: somebody was faster")
    return seen


def _allow(call: Call, act: BulkAct) -> None:
    if not may(call.caller.role, _ALONE[act]):
        raise Refused("forbidden", f"the role {call.caller.role.value} may not {act.value}", field="act")


def _said(wish: BulkWish) -> str:
    match NEEDS.get(wish.act):
        case Needs.STAFF:
            return str(wish.staff_id or "")
        case Needs.TAG:
            return wish.tag or ""
        case Needs.PRIORITY:
            return wish.priority.value if wish.priority else ""
        case _:
            return wish.message


async def _rows(call: Call, items: Sequence[BulkItem]) -> dict[UUID, Row]:
    """Return the returns of the caller's store (or of all) by id."""
    wanted = tuple(item.id for item in _once(items))
    found: list[Row] = []
    for page in range(1, -(-len(wanted) // listing.PAGE) + 1):
        found += (await listing.returns(call.db, Filters(ids=wanted), sort="oldest", page=page)).rows
    return {row.id: row for row in found if call.store in (None, row.store_id)}


def _once(items: Sequence[BulkItem]) -> list[BulkItem]:
    """Return the items in their order, each return once."""
    return list({item.id: item for item in items}.values())


def _place(row: Row | None, item: BulkItem) -> tuple[Any, ...]:
    return (row.order_id if row else item.id, item.id)


def _seen(row: Row | None, item: BulkItem, act: BulkAct) -> BulkRow:
    if row is None:
        return _row(None, item, MISSING, "there is no such return")
    if item.expect_version is not None and item.expect_version != row.version:
        return _row(row, item, "state_changed", "somebody changed the return since you read it")
    code = why_not(act, status=row.status, goods=row.axes.goods.code, held=row.held)
    return _row(row, item, code, f"this cannot be done to it: {code}" if code else None)


def _row(row: Row | None, item: BulkItem, code: str | None, message: str | None) -> BulkRow:
    number, version = (f"R-{row.number}", row.version) if row else (None, None)
    return BulkRow(id=item.id, number=number, version=version, ok=code is None, code=code, message=message)


def _now(done: BulkRow, row: Row | None) -> BulkRow:
    return done if row is None else msgspec.structs.replace(done, version=row.version)


def _out(act: BulkAct, rows: list[BulkRow]) -> BulkOut:
    ok = sum(row.ok for row in rows)
    return BulkOut(act=act, ok=ok, not_ok=len(rows) - ok, items=rows)


OPERATIONS: Final = (
    Operation(
        id="preview_bulk", method="POST", path="/returns/bulk/preview", tag="Returns", body=BulkPreviewWish,
        answer=BulkOut, writes=False, summary="Say to which of many returns an act can be done", do=preview_bulk,
        description=f"At most {MOST} returns. Nothing is written; `version` is what a run may expect.",
    ),
    Operation(
        id="run_bulk", method="POST", path="/returns/bulk", tag="Returns", body=BulkWish, answer=BulkOut,
        summary="Do an act to many returns", do=run_bulk,
        description="Each return stands or falls by itself and has its result; all results and what was done are kept "
        "together under the Idempotency-Key, so that sending it again changes nothing. A role may do to many what it may "
        "do to one.",
    ),
)  # fmt: skip
