"""Reasons over the API: why things go back, in two levels and in the merchant's own words."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from retour.core.errors import Refused
from retour.core.why import (
    CHOICES_MOST,
    NAME_MOST,
    QUESTION_MOST,
    QUESTIONS_MOST,
    WORD_MOST,
    WORDS_MOST,
    Applies,
    Ask,
    AskKind,
    Choice,
    Reason,
    Standard,
)
from retour.doors.api.operation import Call, Operation
from retour.doors.api.shapes import NO_NUL, Asked, Nothing, Short, Told
from retour.flows import why as flow
from retour.store import why as reasons

MISSING: Final = flow.MISSING
Word = Annotated[str, Meta(min_length=1, max_length=WORD_MOST, pattern=NO_NUL)]
Words = Annotated[list[Word], Meta(max_length=WORDS_MOST)]
Names = Annotated[
    dict[Short, Annotated[str, Meta(min_length=1, max_length=NAME_MOST, pattern=NO_NUL)]],
    Meta(max_length=3, description="By language (en, de, ar); the store's default language is needed."),
]
Questions = Annotated[
    dict[Short, Annotated[str, Meta(min_length=1, max_length=QUESTION_MOST, pattern=NO_NUL)]],
    Meta(max_length=3, description="By language (en, de, ar); the store's default language is needed."),
]


class AppliesWish(Asked):
    """Which articles it is for: any of these; nothing named means all."""

    types: Words = msgspec.field(default_factory=list)
    tags: Words = msgspec.field(default_factory=list)
    collections: Words = msgspec.field(default_factory=list)


class ReasonChoiceWish(Asked):
    """One answer to choose: the value that is kept, and its words."""

    value: Word
    texts: Names


class AskWish(Asked):
    """One follow-up question; only a choice has choices."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
    kind: AskKind
    texts: Questions
    choices: Annotated[list[ReasonChoiceWish], Meta(max_length=CHOICES_MOST)] = msgspec.field(default_factory=list)
    required: bool = True


class ReasonFields(Asked):
    """Everything about a reason but its code; what is left out is empty."""

    texts: Names
    standard_group: Standard = Standard.OTHER
    parent_id: UUID | None = None
    applies: AppliesWish = msgspec.field(default_factory=AppliesWish)
    questions: Annotated[list[AskWish], Meta(max_length=QUESTIONS_MOST)] = msgspec.field(default_factory=list)
    note_required: bool = False
    platform_reason: Annotated[Word, Meta(description="A fixed reason of the platform, or a handle there.")] | None = (
        None
    )


class ReasonWish(ReasonFields, kw_only=True):
    """A new reason; its code never changes."""

    code: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]


class ReasonChange(ReasonFields, kw_only=True):
    """A reason said anew. With `expect_version` 409 state_changed if somebody was faster."""

    expect_version: int | None = None


class ReasonMove(Asked):
    """Whether the reason goes one place up in its level; else down."""

    up: bool


class AppliesOut(Told):
    """Which articles it is for; nothing named means all."""

    types: list[str]
    tags: list[str]
    collections: list[str]


class ChoiceOut(Told):
    """One answer to choose."""

    value: str
    texts: dict[str, str]


class AskOut(Told):
    """One follow-up question."""

    id: str
    kind: str
    texts: dict[str, str]
    choices: list[ChoiceOut]
    required: bool


class ReasonOut(Told):
    """One reason of a store, or a group of them: `parent_id` names the group."""

    id: UUID
    code: str
    parent_id: UUID | None
    standard_group: str
    texts: dict[str, str]
    applies: AppliesOut
    questions: list[AskOut]
    note_required: bool
    platform_reason: str | None
    position: int
    version: int
    created_at: datetime
    archived_at: datetime | None


class ReasonList(Told):
    """Every reason of the store in the merchant's order, archived ones too."""

    items: list[ReasonOut]


async def list_reasons(call: Call, _: None) -> ReasonList:
    """Return the store's reasons."""
    return ReasonList(items=[reason_out(one) for one in await reasons.of_store(call.db, call.store_id)])


async def get_reason(call: Call, _: None) -> ReasonOut:
    """Return one reason."""
    return reason_out(await _own(call))


async def add_reason(call: Call, wish: ReasonWish) -> ReasonOut:
    """Add a reason."""
    made = await flow.create(
        call.db, store_id=call.store_id, code=wish.code, said=_said(wish), actor=call.actor, now=call.now
    )
    return reason_out(made)


async def change_reason(call: Call, wish: ReasonChange) -> ReasonOut:
    """Say a reason anew."""
    record = await _own(call)
    changed = await flow.change(
        call.db, reason_id=record.id, said=_said(wish), expect_version=wish.expect_version, actor=call.actor,
        now=call.now,
    )  # fmt: skip
    return reason_out(changed)


async def move_reason(call: Call, wish: ReasonMove) -> ReasonOut:
    """Move a reason in its level."""
    record = await _own(call)
    return reason_out(await flow.move(call.db, reason_id=record.id, up=wish.up, actor=call.actor, now=call.now))


async def archive_reason(call: Call, _: Nothing) -> ReasonOut:
    """Offer a reason no more."""
    record = await _own(call)
    return reason_out(await flow.archive(call.db, reason_id=record.id, actor=call.actor, now=call.now))


async def restore_reason(call: Call, _: Nothing) -> ReasonOut:
    """Offer an archived reason again."""
    record = await _own(call)
    return reason_out(await flow.restore(call.db, reason_id=record.id, actor=call.actor, now=call.now))


async def _own(call: Call) -> Reason:
    found = await reasons.get(call.db, call.resource_id)
    if found is None or call.store not in (None, found.store_id):
        raise Refused(MISSING, "there is no such reason")
    return found


def _said(wish: ReasonFields) -> flow.Said:
    return flow.Said(
        texts=wish.texts, standard_group=wish.standard_group, parent_id=wish.parent_id,
        applies=Applies(*(tuple(words) for words in (wish.applies.types, wish.applies.tags, wish.applies.collections))),
        questions=tuple(
            Ask(
                one.id, one.kind, one.texts, tuple(Choice(choice.value, choice.texts) for choice in one.choices),
                one.required,
            )
            for one in wish.questions
        ),
        note_required=wish.note_required, platform_reason=wish.platform_reason,
    )  # fmt: skip


def reason_out(record: Reason) -> ReasonOut:
    """Return a reason as the API tells it."""
    applies = record.applies
    return ReasonOut(
        id=record.id, code=record.code, parent_id=record.parent_id, standard_group=record.standard_group.value,
        texts=dict(record.texts), note_required=record.note_required, platform_reason=record.platform_reason,
        applies=AppliesOut(types=list(applies.types), tags=list(applies.tags), collections=list(applies.collections)),
        questions=[_ask_out(one) for one in record.questions], position=record.position, version=record.version,
        created_at=record.created_at, archived_at=record.archived_at,
    )  # fmt: skip


def _ask_out(one: Ask) -> AskOut:
    choices = [ChoiceOut(value=choice.value, texts=dict(choice.texts)) for choice in one.choices]
    return AskOut(id=one.id, kind=one.kind.value, texts=dict(one.texts), choices=choices, required=one.required)


OPERATIONS: Final = (
    Operation(
        id="list_reasons", method="GET", path="/reasons", tag="Reasons", needs_store=True, answer=ReasonList,
        summary="List why things go back", do=list_reasons,
        description="Two levels: a group holds the reasons whose `parent_id` names it, or is one itself.",
    ),
    Operation(
        id="add_reason", method="POST", path="/reasons", tag="Reasons", needs_store=True, status=201, body=ReasonWish,
        answer=ReasonOut, summary="Add a reason or a group", do=add_reason,
        description="Requests and rules of the policy name it by its code, which never changes.",
    ),
    Operation(
        id="get_reason", method="GET", path="/reasons/{id}", tag="Reasons", answer=ReasonOut, missing=MISSING,
        summary="Read a reason", do=get_reason,
    ),
    Operation(
        id="change_reason", method="POST", path="/reasons/{id}", tag="Reasons", body=ReasonChange, answer=ReasonOut,
        missing=MISSING, summary="Say a reason anew", do=change_reason,
    ),
    Operation(
        id="move_reason", method="POST", path="/reasons/{id}/move", tag="Reasons", body=ReasonMove, answer=ReasonOut,
        missing=MISSING, summary="Move a reason up or down in its level", do=move_reason,
    ),
    Operation(
        id="archive_reason", method="POST", path="/reasons/{id}/archive", tag="Reasons", body=Nothing,
        answer=ReasonOut, missing=MISSING, summary="Offer a reason no more", do=archive_reason,
        description="409 reason_in_use for a group that holds reasons; returns that have it keep its name.",
    ),
    Operation(
        id="restore_reason", method="POST", path="/reasons/{id}/restore", tag="Reasons", body=Nothing,
        answer=ReasonOut, missing=MISSING, summary="Offer an archived reason again", do=restore_reason,
    ),
)  # fmt: skip
