"""Resolutions over the API: what a store offers instead of the goods, in the merchant's own words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta

from retour.core.errors import Refused
from retour.core.policy.outcome import ResolutionKind
from retour.core.resolution import DESCRIPTION_MOST, INTEGRATION_MOST, NAME_MOST, Resolution, Wording
from retour.doors.api.operation import Call, Operation
from retour.doors.api.shapes import NO_NUL, Asked, Nothing, Short, Told
from retour.flows import resolution as flow
from retour.store import resolution as resolutions

MISSING: Final = flow.MISSING


class WordingWish(Asked):
    """What a resolution is called in one language, and what it means for the shopper."""

    name: Annotated[str, Meta(min_length=1, max_length=NAME_MOST, pattern=NO_NUL)]
    description: Annotated[str, Meta(max_length=DESCRIPTION_MOST, pattern=NO_NUL)] = ""


Texts = Annotated[
    dict[Short, WordingWish],
    Meta(max_length=3, description="By language (en, de, ar); the store's default language is needed."),
]
Integration = Annotated[
    str,
    Meta(
        min_length=1, max_length=INTEGRATION_MOST, pattern=NO_NUL,
        description="The service that pays; for refund_service alone.",
    ),
]  # fmt: skip


class ResolutionWish(Asked):
    """A new record; its kind never changes."""

    kind: ResolutionKind
    texts: Texts
    integration: Integration | None = None


class ResolutionChange(Asked):
    """What becomes of a record; what is left out stays. With `expect_version` 409 state_changed if somebody was faster."""

    texts: Texts | None = None
    integration: Integration | None = None
    expect_version: int | None = None


class MoveWish(Asked):
    """Whether the record goes one place up; else down."""

    up: bool


class NotifyOnlyWish(Asked):
    """The kinds that Retour could pay and is only to tell about; an empty list lets it pay them all again."""

    kinds: Annotated[list[ResolutionKind], Meta(max_length=7)]


class WordingOut(Told):
    """Words in one language."""

    name: str
    description: str


class ResolutionOut(Told):
    """One record of a store."""

    id: UUID
    kind: str
    texts: dict[str, WordingOut]
    integration: str | None
    position: int
    version: int
    created_at: datetime
    archived_at: datetime | None


class ResolutionList(Told):
    """Every record of the store in the merchant's order, archived ones too, and the kinds that are only told about."""

    items: list[ResolutionOut]
    notify_only: list[str]


class NotifyOnlyOut(Told):
    """The kinds that are only told about."""

    notify_only: list[str]


async def list_resolutions(call: Call, _: None) -> ResolutionList:
    """Return the store's records."""
    found = await resolutions.of_store(call.db, call.store_id)
    told_only = await resolutions.notify_only(call.db, call.store_id)
    return ResolutionList(items=[resolution_out(one) for one in found], notify_only=sorted(told_only))


async def get_resolution(call: Call, _: None) -> ResolutionOut:
    """Return one record."""
    return resolution_out(await _own(call))


async def add_resolution(call: Call, wish: ResolutionWish) -> ResolutionOut:
    """Add a record."""
    added = await flow.create(
        call.db, store_id=call.store_id, kind=wish.kind, texts=_texts(wish.texts), integration=wish.integration,
        actor=call.actor, now=call.now,
    )  # fmt: skip
    return resolution_out(added)


async def change_resolution(call: Call, wish: ResolutionChange) -> ResolutionOut:
    """Change a record's words or integration."""
    await _own(call)
    to = flow.Change(
        texts=None if wish.texts is None else _texts(wish.texts), integration=wish.integration,
        expect_version=wish.expect_version,
    )  # fmt: skip
    done = await flow.change(call.db, resolution_id=call.resource_id, to=to, actor=call.actor, now=call.now)
    return resolution_out(done)


async def move_resolution(call: Call, wish: MoveWish) -> ResolutionOut:
    """Move a record one place."""
    await _own(call)
    moved = await flow.move(call.db, resolution_id=call.resource_id, up=wish.up, actor=call.actor, now=call.now)
    return resolution_out(moved)


async def archive_resolution(call: Call, _: Nothing) -> ResolutionOut:
    """Archive a record."""
    await _own(call)
    return resolution_out(
        await flow.archive(call.db, resolution_id=call.resource_id, actor=call.actor, now=call.now)
    )  # fmt: skip


async def restore_resolution(call: Call, _: Nothing) -> ResolutionOut:
    """Take a record out of the archive."""
    await _own(call)
    return resolution_out(
        await flow.restore(call.db, resolution_id=call.resource_id, actor=call.actor, now=call.now)
    )  # fmt: skip


async def set_notify_only(call: Call, wish: NotifyOnlyWish) -> NotifyOnlyOut:
    """Say which kinds are only told about."""
    kinds = [kind.value for kind in wish.kinds]
    done = await flow.set_notify_only(call.db, store_id=call.store_id, kinds=kinds, actor=call.actor, now=call.now)
    return NotifyOnlyOut(notify_only=sorted(done))


async def _own(call: Call) -> Resolution:
    """Return the record in the path; refuse one of another store than the named one as if it did not exist."""
    found = await resolutions.get(call.db, call.resource_id)
    if found is None or call.store not in (None, found.store_id):
        raise Refused(MISSING, "there is no such resolution")
    return found


def _texts(said: Mapping[str, WordingWish]) -> dict[str, Wording]:
    return {language: Wording(one.name, one.description) for language, one in said.items()}


def resolution_out(record: Resolution) -> ResolutionOut:
    """Return a record as the API tells it."""
    return ResolutionOut(
        id=record.id, kind=record.kind.value, integration=record.integration, position=record.position,
        version=record.version, created_at=record.created_at, archived_at=record.archived_at,
        texts={
            language: WordingOut(name=said.name, description=said.description)
            for language, said in record.texts.items()
        },
    )  # fmt: skip


OPERATIONS: Final = (
    Operation(
        id="list_resolutions", method="GET", path="/resolutions", tag="Resolutions", needs_store=True,
        answer=ResolutionList, summary="List what a store offers", do=list_resolutions,
    ),
    Operation(
        id="add_resolution", method="POST", path="/resolutions", tag="Resolutions", needs_store=True, status=201,
        body=ResolutionWish, answer=ResolutionOut, summary="Add a resolution", do=add_resolution,
        description="Rules of the policy name it by its id, as the `ref` of an offer of the same kind.",
    ),
    Operation(
        id="get_resolution", method="GET", path="/resolutions/{id}", tag="Resolutions", answer=ResolutionOut,
        missing=MISSING, summary="Read a resolution", do=get_resolution,
    ),
    Operation(
        id="change_resolution", method="POST", path="/resolutions/{id}", tag="Resolutions", body=ResolutionChange,
        answer=ResolutionOut, missing=MISSING, summary="Change a resolution's words or service",
        do=change_resolution,
    ),
    Operation(
        id="move_resolution", method="POST", path="/resolutions/{id}/move", tag="Resolutions", body=MoveWish,
        answer=ResolutionOut, missing=MISSING, summary="Move a resolution up or down in the list", do=move_resolution,
    ),
    Operation(
        id="archive_resolution", method="POST", path="/resolutions/{id}/archive", tag="Resolutions", body=Nothing,
        answer=ResolutionOut, missing=MISSING, summary="Archive a resolution", do=archive_resolution,
        description="409 resolution_in_use, with the rule, while the published policy offers it.",
    ),
    Operation(
        id="restore_resolution", method="POST", path="/resolutions/{id}/restore", tag="Resolutions", body=Nothing,
        answer=ResolutionOut, missing=MISSING, summary="Take a resolution out of the archive", do=restore_resolution,
    ),
    Operation(
        id="set_notify_only", method="POST", path="/notify-only", tag="Money", needs_store=True,
        body=NotifyOnlyWish, answer=NotifyOnlyOut, summary="Say which kinds are handed over instead of paid",
        do=set_notify_only,
        description="Nothing of these kinds is sent to the platform: `settlement.handed_over` tells, and the report "
        "of whoever paid settles it.",
    ),
)  # fmt: skip
