"""Effects over the API: one outside call each, with every try and everything that was seen of it."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from retour.core.errors import Refused
from retour.doors.api.operation import Call, Operation
from retour.doors.api.shapes import Nothing, Told
from retour.flows import effect as flow
from retour.store import connection as connections
from retour.store import effect as effects
from retour.store.db import Record
from retour.store.effect import EffectRow

_MISSING: Final = "effect_not_found"


class EffectOut(Told):
    """One call to an outside system; `parked` waits for a person, `unknown` for its read-back."""

    id: UUID
    return_id: UUID | None
    order_id: UUID
    kind: str
    business_ref: str
    reference: str
    state: str
    parked: bool
    amount_minor: int | None
    currency: str | None
    tries: int
    first_sent_at: datetime | None
    last_sent_at: datetime | None
    due_at: datetime
    far_id: str | None
    far_code: str | None
    message: str | None
    created_at: datetime
    settled_at: datetime | None


class AttemptOut(Told):
    """One try."""

    n: int
    sent_at: datetime


class ObservationOut(Told):
    """Something that was seen of the effect: an answer, a read-back, a late answer, a person's word."""

    attempt: int
    what: str
    verdict: str
    far_code: str | None
    message: str | None
    at: datetime


class EffectWhole(EffectOut):
    """An effect with its tries and observations."""

    attempts: list[AttemptOut]
    observations: list[ObservationOut]


async def get_effect(call: Call, _: None) -> EffectWhole:
    """Return one effect with its tries."""
    return await _whole(call)


async def hand_back_effect(call: Call, _: Nothing) -> EffectWhole:
    """Give a parked effect back to the executor."""
    await _own(call, call.resource_id)
    await flow.hand_back(call.db, effect_id=call.resource_id, actor=call.actor, now=call.now)
    return await _whole(call)


async def retry_effect(call: Call, _: Nothing) -> EffectWhole:
    """Try a failed effect again and return the new one."""
    await _own(call, call.resource_id)
    again = await flow.retry(call.db, effect_id=call.resource_id, actor=call.actor, now=call.now)
    return await _whole(call, again)


async def _own(call: Call, effect_id: UUID) -> EffectRow:
    """Return an effect; refuse one of another store than the named one as if it did not exist."""
    row = await effects.get(call.db, effect_id)
    if row is not None and call.store is not None:
        connection = await connections.get(call.db, row.connection_id)
        row = row if connection is not None and connection.store_id == call.store else None
    if row is None:
        raise Refused(_MISSING, "there is no such effect")
    return row


async def _whole(call: Call, effect_id: UUID | None = None) -> EffectWhole:
    row = await _own(call, effect_id or call.resource_id)
    return EffectWhole(
        **_facts(row),
        attempts=[AttemptOut(n=a["n"], sent_at=a["sent_at"]) for a in await effects.list_attempts(call.db, row.id)],
        observations=[_seen(o) for o in await effects.list_observations(call.db, row.id)],
    )


def effect_out(row: EffectRow) -> EffectOut:
    """Return an effect as the API tells it, in short."""
    return EffectOut(**_facts(row))


def _facts(row: EffectRow) -> dict[str, Any]:
    same = (
        "id", "order_id", "business_ref", "reference", "amount_minor", "currency", "tries", "first_sent_at",
        "last_sent_at", "due_at", "far_id", "far_code", "message", "created_at", "settled_at",
    )  # fmt: skip
    return {name: getattr(row, name) for name in same} | {
        "return_id": row.rma_id, "kind": row.kind.value, "state": row.state.value, "parked": row.parked_at is not None,
    }  # fmt: skip


def _seen(o: Record) -> ObservationOut:
    return ObservationOut(
        attempt=o["attempt"], what=o["what"], verdict=o["verdict"], far_code=o["far_code"], message=o["message"],
        at=o["at"],
    )  # fmt: skip


OPERATIONS: Final = (
    Operation(
        id="get_effect", method="GET", path="/effects/{id}", tag="Money", answer=EffectWhole, missing=_MISSING,
        summary="Read an effect with its tries and what was seen of them", do=get_effect,
    ),
    Operation(
        id="hand_back_effect", method="POST", path="/effects/{id}/hand-back", tag="Money", body=Nothing,
        answer=EffectWhole, missing=_MISSING, summary="Give a parked effect back to the executor",
        do=hand_back_effect, description="It is read back first, and never sent blindly.",
    ),
    Operation(
        id="retry_effect", method="POST", path="/effects/{id}/retry", tag="Money", body=Nothing, answer=EffectWhole,
        missing=_MISSING, summary="Try a failed effect again", do=retry_effect,
        description="A new effect of the same reference. A failed refund is retried by its settlement.",
    ),
)  # fmt: skip
