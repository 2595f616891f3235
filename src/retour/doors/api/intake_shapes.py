"""The messages of intakes and sources."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from retour.core.address import LONGEST
from retour.doors.api.shapes import NO_NUL, Asked, Name, PageQuery, Short, Text, Told, Units, Url
from retour.store.intake import Intake

Reason = Annotated[str, Meta(min_length=1, max_length=2_000, pattern=r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
Document = Annotated[dict[str, Any], Meta(description="A `retour.return/1`; `/intake-schemas` has its JSON Schema.")]


class IntakeWish(Asked):
    """A return of another system, under the id it has there."""

    document: Document


class TextWish(Asked):
    """What a customer wrote, to become a draft for people; `reference` is the same for ever, such as a ticket's id."""

    text: Annotated[str, Meta(min_length=1, max_length=50_000, pattern=NO_NUL)]
    reference: Name
    channel: Annotated[str, Meta(pattern="^(mail|desk|marketplace)$")] = "desk"


class ChosenLine(Asked):
    """Units of one line of the chosen order."""

    line_ref: Name
    quantity: Units
    reason: Short = "other"
    note: Text | None = None


class ChoiceWish(Asked):
    """The order that somebody chose; without lines those that the document names."""

    order_id: UUID
    lines: Annotated[list[ChosenLine], Meta(max_length=100)] = msgspec.field(default_factory=list)


class JoinWish(Asked):
    """The return that a parcel belongs to."""

    return_id: UUID


class DismissWish(Asked):
    """Why nothing comes of it."""

    reason: Reason


class IntakesQuery(PageQuery):
    """Which intakes are wanted."""

    state: Annotated[str, Meta(pattern="^(waiting|opened|dismissed)$")] | None = None


class PointOut(Told):
    """What one clue is worth for an order; negative points contradict."""

    by: str
    points: int


class CandidateOut(Told):
    """An order that it may belong to."""

    order_id: UUID
    name: str
    score: int
    points: list[PointOut]


class IntakeOut(Told):
    """Something that was sent in; `why` is what it waits for, `facts` holds codes and figures."""

    id: UUID
    store_id: UUID
    source: str
    channel: str
    external_id: str
    status: str | None
    state: str
    why: str | None
    facts: dict[str, Any]
    candidates: list[CandidateOut]
    order_id: UUID | None
    return_id: UUID | None
    return_number: str | None
    received_at: datetime
    changed_at: datetime
    reason: str | None


class IntakeWhole(IntakeOut):
    """The same with what was read; nothing of an erased person."""

    document: Any
    text: str | None
    read: list[Any]


class IntakePage(Told):
    """A part of the list, the newest first; no `next` means that it is the last."""

    items: list[IntakeOut]
    next: str | None


class SchemasOut(Told):
    """The published schemas by their names."""

    schemas: dict[str, Any]


class AskedWish(Asked):
    """Where the source is asked for what has changed, every five minutes at first, with a bearer token (docs/intake.md)."""

    url: Url
    token: Annotated[str, Meta(max_length=2_000, pattern=r"^[!-~]*$")] = ""
    days: Annotated[int, Meta(ge=0, le=365, description="How far back the first question goes.")] = 30


class SourceWish(Asked):
    """A system of yours that sends documents; what it decides holds here if `decides`."""

    name: Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    channel: Annotated[str, Meta(pattern="^(event|desk|marketplace)$")] = "event"
    decides: bool = True
    asked: AskedWish | None = None


class SourceOut(Told):
    """A source and the path that it posts to."""

    id: UUID
    store_id: UUID
    name: str
    channel: str
    decides: bool
    path: str
    created_at: datetime
    asked_url: str | None
    asked_minutes: int | None
    asked_at: datetime | None
    problem: str | None
    push_url: str | None
    push_kinds: list[str]


class ScheduleWish(Asked):
    """Where a source is asked from now on and how often; without a token the one before is kept."""

    url: Url
    token: Annotated[str, Meta(max_length=2_000, pattern=r"^[!-~]*$")] | None = None
    minutes: Annotated[int, Meta(ge=1, le=1_440, description="Every how many minutes.")] = 5
    days: Annotated[int, Meta(ge=0, le=365, description="How far back, where it was never asked.")] = 30


class PushWish(Asked):
    """Where returns that begin here are told to, of which kinds (none: never), and from which moment."""

    url: Annotated[str, Meta(max_length=LONGEST, pattern=NO_NUL)] = ""
    kinds: Annotated[list[Literal["return", "claim", "withdrawal", "cancellation"]], Meta(max_length=4)] = (
        msgspec.field(default_factory=list)
    )
    moment: Literal["requested", "approved"] = "requested"


class PushOut(Told):
    """What is told to a source; `secret` signs it and is told in this answer alone, if it is new."""

    url: str | None
    kinds: list[str]
    moment: str
    secret: str | None


class SourceCreated(SourceOut):
    """A new source with its secret (Standard Webhooks), which is shown only here."""

    secret: str


class SecretOut(Told):
    """A new secret; the one before it is taken until the next."""

    secret: str


class SourceList(Told):
    """Every source of the account."""

    items: list[SourceOut]


def intake_out(row: Intake) -> IntakeOut:
    """Return an intake as the API tells it."""
    return IntakeOut(**facts_of(row))


def facts_of(row: Intake) -> dict[str, Any]:
    """Return the fields of an intake."""
    return {
        "id": row.id, "store_id": row.store_id, "source": row.source, "channel": row.channel,
        "external_id": row.external_id, "status": row.far_status, "state": row.state, "why": row.why,
        "facts": dict(row.facts), "candidates": msgspec.convert(list(row.candidates), list[CandidateOut]),
        "order_id": row.order_id, "return_id": row.rma_id,
        "return_number": None if row.number is None else f"R-{row.number}", "received_at": row.received_at,
        "changed_at": row.changed_at, "reason": row.reason,
    }  # fmt: skip
