"""A customer's export and erasure on their page: ask, see what it waits for, download, take back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.account import Role
from retour.core.errors import Refused
from retour.core.privacy import OPEN, RequestState
from retour.doors.dashboard import privacy_words as words
from retour.doors.dashboard.desk import Desk, Visit, uuid_of, whole
from retour.doors.dashboard.refusals import explain
from retour.doors.dashboard.route import form, page
from retour.doors.dashboard.told import actor_name, person_name, word
from retour.flows import privacy as flow
from retour.store.db import Db
from retour.store.desk import orders as store
from retour.store.desk.orders import PersonFacts
from retour.store.privacy import rows
from retour.store.privacy.rows import Request
from retour.store.privacy.standing import standing
from retour.web.forms import FormErrors, read_form
from retour.web.pages import see
from retour.web.reader import Reader

PEOPLE: Final = "/dashboard/customers"
REQUESTS: Final = "/dashboard/privacy"
OWNER: Final = (Role.OWNER,)


@dataclass(frozen=True, slots=True)
class Shown:
    """A request in the reader's words; `files` are addresses of the parts that can be downloaded now."""

    id: UUID
    kind: str
    state: str
    why: str
    by: str
    asked_at: datetime
    answer_by: datetime | None
    expires_at: datetime | None
    waits: bool
    files: tuple[str, ...]
    person_id: UUID | None


def privacy_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handlers of exports and erasures."""
    return [
        form(desk, f"{PEOPLE}/{{id:str}}/export", _export, OWNER),
        page(desk, f"{PEOPLE}/{{id:str}}/erase", _confirm, OWNER),
        form(desk, f"{PEOPLE}/{{id:str}}/erase", _erase, OWNER),
        form(desk, f"{REQUESTS}/{{id:str}}/cancel", _cancel, OWNER),
        page(desk, f"{REQUESTS}/{{id:str}}/files/{{n:str}}", _download, OWNER),
    ]


def shown(reader: Reader, requests: Sequence[Request], names: Mapping[str, str], *, now: datetime) -> list[Shown]:
    """Return requests in words, with the files that can be downloaded now."""
    return [
        Shown(
            id=r.id,
            kind=word(reader, words.KINDS, r.kind.value),
            state=word(reader, words.STATES, r.state.value),
            why=word(reader, words.WHY, r.why),
            by=actor_name(reader, r.actor, names),
            asked_at=r.asked_at,
            answer_by=r.answer_by if r.state in OPEN else None,
            expires_at=r.expires_at if r.expires_at and r.expires_at > now else None,
            waits=r.state is RequestState.WAITING,
            files=_files(r, now),
            person_id=r.person_id,
        )
        for r in requests
    ]


def _files(r: Request, now: datetime) -> tuple[str, ...]:
    if r.expires_at is None or r.expires_at <= now:
        return ()
    return tuple(f"{REQUESTS}/{r.id}/files/{n}" for n in range(1, r.parts + 1))


async def _export(seen: Visit) -> Response[Any]:
    await read_form(seen.request, token=seen.staff.csrf)
    person_id = _person_id(seen)

    async def work(db: Db) -> None:
        await flow.ask_export(db, person_id=person_id, actor=seen.staff.actor, now=seen.now)

    await seen.desk.database.run(seen.staff.tenant_id, work)
    return see(f"{PEOPLE}/{person_id}#privacy")


async def _confirm(seen: Visit) -> Response[Any]:
    return await _asked_once_more(seen, FormErrors())


async def _asked_once_more(seen: Visit, errors: FormErrors, *, status: int = 200) -> Response[Any]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        facts = await _facts(db, seen)
        open_ = await standing(db, facts.id)
    return await seen.page(
        "dashboard/erase.html", current="customers", status=status, facts=facts, errors=errors, open=open_,
        person=person_name(seen.reader, facts.name, facts.email, erased=facts.erased_at is not None),
        goes=[seen.reader.say(text) for text in words.GOES], stays=[seen.reader.say(text) for text in words.STAYS],
    )  # fmt: skip


async def _erase(seen: Visit) -> Response[Any]:
    sent, errors = await read_form(seen.request, token=seen.staff.csrf), FormErrors()
    person_id = _person_id(seen)
    if sent.text("sure") != "1":
        errors.add("sure", seen.reader.say("Say that you are sure"))
        return await _asked_once_more(seen, errors, status=422)

    async def work(db: Db) -> None:
        await flow.ask_erasure(db, person_id=person_id, actor=seen.staff.actor, now=seen.now)

    try:
        await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as refused:
        if refused.status == 404:
            raise
        errors.add("sure", explain(refused, seen.reader))
        return await _asked_once_more(seen, errors, status=refused.status)
    return see(f"{PEOPLE}/{person_id}#privacy")


async def _cancel(seen: Visit) -> Response[Any]:
    await read_form(seen.request, token=seen.staff.csrf)
    request_id = uuid_of(seen.request.path_params["id"], "request_not_found")

    async def work(db: Db) -> UUID | None:
        found = await rows.get(db, request_id)
        await flow.cancel(db, request_id=request_id, actor=seen.staff.actor, now=seen.now)
        return found.person_id if found else None

    person_id = await seen.desk.database.run(seen.staff.tenant_id, work)
    return see(f"{PEOPLE}/{person_id}#privacy" if person_id else "/dashboard/settings/privacy")


async def _download(seen: Visit) -> Response[bytes]:
    request_id = uuid_of(seen.request.path_params["id"], "request_not_found")
    n = whole(seen.request.path_params["n"])

    async def work(db: Db) -> bytes:
        return await flow.download(
            db, seen.desk.vault, request_id=request_id, n=n, actor=seen.staff.actor, now=seen.now
        )

    content = await seen.desk.database.run(seen.staff.tenant_id, work)
    return Response(
        content, media_type="application/zip",
        headers={
            "Content-Disposition": f'attachment; filename="export-{request_id}-{n}.zip"', "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )  # fmt: skip


async def _facts(db: Db, seen: Visit) -> PersonFacts:
    facts = await store.person(db, _person_id(seen))
    if facts is None:
        raise Refused("person_not_found", "There is no such customer.")
    return facts


def _person_id(seen: Visit) -> UUID:
    return uuid_of(seen.request.path_params["id"], "person_not_found")
