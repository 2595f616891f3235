"""Personal data over the API: exports and erasures of shoppers as requests, and how long each class is kept."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from retour.core.errors import Refused
from retour.core.privacy import TERMS, Keep, RequestState, days_of
from retour.doors.api.cursor import make_cursor, read_cursor, read_uuid
from retour.doors.api.operation import Call, Operation
from retour.doors.api.shapes import NO_NUL, Asked, Nothing, PageQuery, Told
from retour.flows import privacy as flow
from retour.store.privacy import retention, rows
from retour.store.privacy.rows import Request

MISSING: Final = "request_not_found"
Email = Annotated[str, Meta(min_length=3, max_length=320, pattern=NO_NUL)]
Days = Annotated[int, Meta(ge=0, le=3650)]


class WhoseWish(Asked):
    """Whose data: one person by id, or everybody with an e-mail address."""

    person_id: UUID | None = None
    email: Email | None = None


class EraseWish(WhoseWish, kw_only=True):
    """Whose data, and the word that says that it is meant: nothing brings an erased person back."""

    confirm: Literal["erase"]


class RequestsQuery(PageQuery):
    """Which requests are wanted."""

    state: Annotated[str, Meta(pattern="^(waiting|erasing|done|cancelled)$")] | None = None
    person_id: UUID | None = None


class ArchiveQuery(Asked):
    """Which part of an export, counted from 1."""

    part: Annotated[int, Meta(ge=1, le=1_000_000)] = 1


class RequestOut(Told):
    """One request: what it waits for (`why`), since when, by when the law wants an answer, and how many files are ready.

    `facts` are counts. `platform_ref` is the platform's own number of a request that it handed on.
    """

    id: UUID
    store_id: UUID
    kind: str
    person_id: UUID | None
    asked_by: str
    platform_ref: str | None
    state: str
    why: str | None
    facts: Mapping[str, int]
    asked_at: datetime
    answer_by: datetime
    looked_at_again: datetime | None
    finished_at: datetime | None
    expires_at: datetime | None
    parts: int


class RequestsOut(Told):
    """The requests that wait now for what was asked for."""

    items: list[RequestOut]


class RequestPage(Told):
    """Requests, the newest first."""

    items: list[RequestOut]
    next: str | None


class RetentionWish(Asked):
    """How many days each class is kept; null until somebody asks. A class that is left out stays as it is."""

    inbox: Days | UnsetType | None = UNSET
    documents: Days | UnsetType | None = UNSET
    intakes: Days | UnsetType | None = UNSET
    photos: Days | UnsetType | None = UNSET
    labels: Days | UnsetType | None = UNSET
    people: Days | UnsetType | None = UNSET
    exports: Days | UnsetType = UNSET
    store_grace: Days | UnsetType = UNSET


class TermOut(Told):
    """How long a class is kept, and the bounds."""

    days: int | None
    default: int | None
    least: int
    most: int
    may_be_none: bool


class RetentionOut(Told):
    """How long each class of personal data is kept."""

    classes: Mapping[str, TermOut]


async def export_person(call: Call, wish: WhoseWish) -> RequestsOut:
    """Ask for everything that is held of a shopper."""
    return RequestsOut(
        items=[
            await _told(call, (await flow.ask_export(call.db, person_id=one, actor=call.actor, now=call.now))[0])
            for one in await _people(call, wish)
        ]
    )


async def erase_person(call: Call, wish: EraseWish) -> RequestsOut:
    """Ask that a shopper be erased."""
    return RequestsOut(
        items=[
            await _told(call, (await flow.ask_erasure(call.db, person_id=one, actor=call.actor, now=call.now))[0])
            for one in await _people(call, wish)
        ]
    )


async def list_privacy_requests(call: Call, query: RequestsQuery) -> RequestPage:
    """Return requests, the newest first."""
    before = None if query.after is None else read_uuid(read_cursor(query.after, parts=1)[0])
    found = await rows.list_(
        call.db, person_id=query.person_id, states=[RequestState(query.state)] if query.state else (),
        store_id=call.store, before=before, limit=query.limit + 1,
    )  # fmt: skip
    shown = found[: query.limit]
    more = make_cursor(shown[-1].id) if len(found) > query.limit else None
    return RequestPage(items=[_out(request) for request in shown], next=more)


async def get_privacy_request(call: Call, _: None) -> RequestOut:
    """Return one request."""
    return _out(await _own(call))


async def cancel_privacy_request(call: Call, _: Nothing) -> RequestOut:
    """Take back a request that waits."""
    await _own(call)
    await flow.cancel(call.db, request_id=call.resource_id, actor=call.actor, now=call.now)
    return await _told(call, call.resource_id)


async def download_export(call: Call, query: ArchiveQuery) -> bytes:
    """Return a part of an export; who took it is written down."""
    await _own(call)
    return await flow.download(
        call.db, call.vault, request_id=call.resource_id, n=query.part, actor=call.actor, now=call.now
    )


async def get_retention(call: Call, _: None) -> RetentionOut:
    """Return how long each class is kept."""
    return _terms(days_of(await retention.chosen(call.db)))


async def set_retention(call: Call, wish: RetentionWish) -> RetentionOut:
    """Choose how long classes are kept."""
    chosen = {keep: getattr(wish, keep.value) for keep in Keep if getattr(wish, keep.value) is not UNSET}
    return _terms(
        await flow.change_terms(call.db, tenant_id=call.tenant_id, days=chosen, actor=call.actor, now=call.now)
    )


async def _people(call: Call, wish: WhoseWish) -> list[UUID]:
    if (wish.person_id is None) == (wish.email is None):
        raise Refused("person_needed", "name the person by person_id or by email", field="person_id")
    if wish.email is not None:
        return await flow.of_email(call.db, wish.email, store_id=call.store)
    assert wish.person_id is not None, "one of both is there"
    found = await rows.person(call.db, wish.person_id)
    if found is None or call.store not in (None, found["store_id"]):
        raise Refused("person_not_found", "there is no such person", field="person_id")
    return [wish.person_id]


async def _own(call: Call) -> Request:
    found = await rows.get(call.db, call.resource_id)
    if found is None or call.store not in (None, found.store_id):
        raise Refused(MISSING, "there is no such request")
    return found


async def _told(call: Call, request_id: UUID) -> RequestOut:
    found = await rows.get(call.db, request_id)
    assert found is not None, "it was just written"
    return _out(found)


async def _as_it_is(found: Any) -> bytes:
    raw: bytes = found
    return raw


def _out(r: Request) -> RequestOut:
    return RequestOut(
        id=r.id, store_id=r.store_id, kind=r.kind.value, person_id=r.person_id, asked_by=r.actor, platform_ref=r.far_ref,
        state=r.state.value, why=r.why, facts=r.facts, asked_at=r.asked_at, answer_by=r.answer_by,
        looked_at_again=r.due_at, finished_at=r.finished_at, expires_at=r.expires_at, parts=r.parts,
    )  # fmt: skip


def _terms(days: Mapping[Keep, int | None]) -> RetentionOut:
    return RetentionOut(
        classes={
            keep.value: TermOut(
                days=days[keep], default=term.days, least=term.least, most=term.most, may_be_none=term.may_be_none
            )
            for keep, term in TERMS.items()
        }
    )


OPERATIONS: Final = (
    Operation(
        id="export_person", method="POST", path="/privacy/exports", tag="Privacy", status=201, body=WhoseWish,
        answer=RequestsOut, summary="Ask for everything that is held of a shopper", do=export_person,
        description="A job gathers it into zip files that can be downloaded for a limited time.",
    ),
    Operation(
        id="erase_person", method="POST", path="/privacy/erasures", tag="Privacy", status=201, body=EraseWish,
        answer=RequestsOut, summary="Ask that a shopper be erased", do=erase_person,
        description="It waits until nothing is open with them: `why` says what it waits for. No figure changes by it.",
    ),
    Operation(
        id="list_privacy_requests", method="GET", path="/privacy/requests", tag="Privacy", query=RequestsQuery,
        answer=RequestPage, summary="List requests about personal data", do=list_privacy_requests,
    ),
    Operation(
        id="get_privacy_request", method="GET", path="/privacy/requests/{id}", tag="Privacy", answer=RequestOut,
        missing=MISSING, summary="Read a request about personal data", do=get_privacy_request,
    ),
    Operation(
        id="cancel_privacy_request", method="POST", path="/privacy/requests/{id}/cancel", tag="Privacy", body=Nothing,
        answer=RequestOut, missing=MISSING, summary="Take back a request that waits", do=cancel_privacy_request,
    ),
    Operation(
        id="download_export", method="GET", path="/privacy/requests/{id}/archive", tag="Privacy", query=ArchiveQuery,
        missing=MISSING, summary="Download a part of an export as a zip file", do=download_export, paper=_as_it_is,
        media="application/zip", description="Every download is written down with who made it.",
    ),
    Operation(
        id="get_retention", method="GET", path="/privacy/retention", tag="Privacy", answer=RetentionOut,
        summary="Read how long personal data is kept", do=get_retention,
    ),
    Operation(
        id="set_retention", method="POST", path="/privacy/retention", tag="Privacy", body=RetentionWish,
        answer=RetentionOut, summary="Choose how long personal data is kept", do=set_retention,
    ),
)  # fmt: skip
