"""Several returns at once: first what can be done and what cannot and why, then done one by one, each with its result."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.attention import Priority
from retour.core.bulk import BulkAct
from retour.core.errors import Refused
from retour.core.money import Money
from retour.doors.dashboard import mark_words
from retour.doors.dashboard.act import explain
from retour.doors.dashboard.asked import PATH, read
from retour.doors.dashboard.bulk_acts import ACTS, objection, wrong
from retour.doors.dashboard.desk import Desk, Visit
from retour.doors.dashboard.route import form
from retour.doors.dashboard.told import person_name, word
from retour.flows import rma as flow
from retour.store.db import Db
from retour.store.desk import listing, names
from retour.store.desk.listing import Row
from retour.store.desk.narrowed import Filters
from retour.store.rma import attention
from retour.web.forms import Form, FormErrors, read_form
from retour.web.pages import see
from retour.web.reader import Reader
from retour.web.session import DESK

MOST: Final = 200  # returns at once: what fits one look


@dataclass(frozen=True, slots=True)
class Candidate:
    """One chosen return: what it is, and why the act cannot be done to it, if it cannot."""

    id: UUID
    number: str
    version: int
    person: str
    amount: Money
    why_not: str | None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one return; `why` only where nothing did."""

    number: str
    person: str
    why: str | None


def bulk_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handlers of the review of chosen returns and of doing it."""
    return [form(desk, f"{PATH}/review", _review, DESK), form(desk, f"{PATH}/carry-out", _carry_out, DESK)]


async def _review(seen: Visit) -> Response[Any]:
    sent = await read_form(seen.request)
    name = sent.text("other") if sent.text("act") == "other" else sent.text("act")
    asked = read(seen.request.query_params)
    back = asked.query(page=asked.page, place=asked.place)
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        rows = await _chosen(db, seen, sent)
    if not rows:
        return see(back)
    if name not in ACTS:  # "Select all" alone: everything that fits is chosen, nothing is decided yet
        name = "approve"
    return await _reviewed(seen, name, rows, back, Form({}), FormErrors())


async def _reviewed(
    seen: Visit, name: str, rows: Sequence[Row], back: str, sent: Form, errors: FormErrors
) -> Response[Any]:
    act, reader = BulkAct(name), seen.reader
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        members, tags = await names.members(db), await attention.tags_in_use(db)
    candidates = [_candidate(reader, act, row) for row in rows]
    return await seen.page(
        "dashboard/bulk_review.html",
        current="returns",
        status=422 if errors else 200,
        name=name,
        act=ACTS[name],
        can=[one for one in candidates if one.why_not is None],
        cannot=[one for one in candidates if one.why_not is not None],
        people=[("", reader.say("Nobody")), *((str(one), called) for one, called in members.items())],
        priorities=[(p.value, word(reader, mark_words.PRIORITIES, p.value)) for p in Priority],
        tags_in_use=tags,
        back=back,
        most=MOST,
        form=sent,
        errors=errors,
    )


async def _carry_out(seen: Visit) -> Response[Any]:
    sent, errors = await read_form(seen.request), FormErrors()
    name, said, back = sent.text("act"), sent.text("message"), sent.text("back")
    back = back if back.startswith(PATH) else PATH
    versions = _versions(sent)
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        rows, members = await _by_ids(db, list(versions)), await names.members(db)
    if name not in ACTS or not rows:
        return see(back)
    act = BulkAct(name)
    problem = wrong(act, said, seen.reader, members)
    if problem is not None:
        errors.add("message", problem)
        return await _reviewed(seen, name, rows, back, sent, errors)
    results = [await _one(seen, act, row, versions[row.id], said) for row in rows]
    return await seen.page(
        "dashboard/bulk_results.html",
        current="returns",
        act=ACTS[name],
        done=[one for one in results if one.why is None],
        not_done=[one for one in results if one.why is not None],
        back=back,
    )


async def _one(seen: Visit, act: BulkAct, row: Row, version: int, said: str) -> Result:
    """Do it to one return in a transaction of its own; what is refused leaves the others alone."""
    number, person = f"R-{row.number}", person_name(seen.reader, row.person_name, row.person_email)

    async def work(db: Db) -> None:
        await flow.do_one(
            db, act, rma_id=row.id, said=said, actor=seen.staff.actor, now=seen.now, expect_version=version
        )

    try:
        await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as no:
        return Result(number, person, _told(no, seen.reader))
    return Result(number, person, None)


def _told(no: Refused, reader: Reader) -> str:
    if no.code == "state_changed":
        return reader.say("somebody changed it meanwhile")
    if no.code in ("already_decided", "move_not_allowed"):
        return reader.say("already decided")
    if no.code == "already_received":
        return reader.say("already received")
    if no.code == "too_many_tags":
        return reader.say("it has as many tags as a return can have")
    return explain(no, reader)


async def _chosen(db: Db, seen: Visit, sent: Form) -> Sequence[Row]:
    """Return the ticked returns, or with "Select all" everything that the list's address finds; 200 at most."""
    if not sent.checked("all"):
        return await _by_ids(db, [found for text in sent.texts("id") if (found := _id(text)) is not None])
    asked = read(seen.request.query_params)
    rows: list[Row] = []
    for page in range(1, MOST // listing.PAGE + 1):
        listed = await listing.returns(db, asked.filters(seen.staff, seen.reader), sort=asked.sort, page=page)
        rows += listed.rows
        if len(rows) >= listed.total:
            break
    return rows


async def _by_ids(db: Db, ids: Sequence[UUID]) -> Sequence[Row]:
    wanted = tuple(dict.fromkeys(ids))[:MOST]
    rows: list[Row] = []
    for page in range(1, -(-len(wanted) // listing.PAGE) + 1):
        rows += (await listing.returns(db, Filters(ids=wanted), sort="oldest", page=page)).rows
    return rows


def _versions(sent: Form) -> dict[UUID, int]:
    """Return the confirmed returns with the version that the review showed, sent as `id:version`."""
    found: dict[UUID, int] = {}
    for text in sent.texts("confirmed"):
        left, _, right = text.partition(":")
        rma_id = _id(left)
        if rma_id is not None and right.isascii() and right.isdecimal() and len(right) < 10:
            found[rma_id] = int(right)
    return found


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _candidate(reader: Reader, act: BulkAct, row: Row) -> Candidate:
    return Candidate(
        row.id, f"R-{row.number}", row.version, person_name(reader, row.person_name, row.person_email),
        Money(row.promised_minor, row.currency), objection(act, row, reader),
    )  # fmt: skip
