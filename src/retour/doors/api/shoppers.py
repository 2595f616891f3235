"""Signs of abuse over the API: the score of a return with its reasons, and the lists of shoppers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import Meta

from retour.core.errors import Refused
from retour.core.fraud import KeyKind
from retour.doors.api.operation import Call, Operation
from retour.doors.api.shapes import NO_NUL, Asked, Told
from retour.flows import fraud as flow
from retour.store import fraud, views
from retour.store.fraud import Entry


class SignalOut(Told):
    """One sign with its points, the figures that were seen, and those from which on it counts."""

    sign: str
    points: int
    facts: Mapping[str, int]
    threshold: Mapping[str, int]


class RiskOut(Told):
    """The score of a return, 0 to 100, and what it was made of; it decides nothing by itself."""

    return_id: UUID
    score: int
    in_review: bool
    scored_at: datetime
    signals: list[SignalOut]


class EntryWish(Asked):
    """Whom to put on which list, by what, and why. An address is the family name, a comma, and the postcode."""

    list: Literal["block", "allow"]
    kind: Literal["email", "phone", "address", "person"]
    value: Annotated[str, Meta(min_length=1, max_length=flow.VALUE_MOST, pattern=NO_NUL)]
    reason: Annotated[str, Meta(min_length=1, max_length=flow.REASON_MOST, pattern=NO_NUL)]


class EntryOut(Told):
    """A shopper on a list; `hint` tells entries apart and not whom."""

    id: UUID
    list: str
    kind: str
    hint: str
    reason: str
    actor: str
    at: datetime


class EntriesOut(Told):
    """Who is on a list, the last first."""

    items: list[EntryOut]


class EntryAdded(Told):
    """The entry that was made."""

    id: UUID


async def get_risk(call: Call, _: None) -> RiskOut:
    """Return the score of a return."""
    store = await views.store_of_return(call.db, call.resource_id)
    found = None if store is None or call.store not in (None, store) else await fraud.read(call.db, call.resource_id)
    if found is None:
        raise Refused("return_not_found", "there is no such return, or it was never scored")
    signals = [
        SignalOut(sign=s.sign.value, points=s.points, facts=s.facts, threshold=s.threshold) for s in found.signals
    ]
    return RiskOut(
        return_id=call.resource_id, score=found.score, in_review=found.in_review, scored_at=found.at, signals=signals
    )


async def list_shoppers(call: Call, _: None) -> EntriesOut:
    """Return who is on a list."""
    return EntriesOut(items=[_out(entry) for entry in await fraud.entries(call.db)])


async def add_shopper(call: Call, wish: EntryWish) -> EntryAdded:
    """Put a shopper on a list."""
    made = await flow.list_shopper(
        call.db, list_=wish.list, kind=KeyKind(wish.kind), value=wish.value, reason=wish.reason, actor=call.actor,
        now=call.now,
    )  # fmt: skip
    return EntryAdded(id=made)


async def remove_shopper(call: Call, _: None) -> None:
    """Take a shopper off a list."""
    await flow.unlist_shopper(call.db, entry_id=call.resource_id, actor=call.actor, now=call.now)


def _out(e: Entry) -> EntryOut:
    return EntryOut(id=e.id, list=e.list, kind=e.kind, hint=e.hint, reason=e.reason, actor=e.actor, at=e.at)


OPERATIONS: Final = (
    Operation(
        id="get_risk", method="GET", path="/returns/{id}/risk", tag="Returns", answer=RiskOut,
        missing="return_not_found", summary="Read the signs of abuse of a return, with their reasons", do=get_risk,
    ),
    Operation(
        id="list_shoppers", method="GET", path="/shopper-list", tag="Shoppers", answer=EntriesOut,
        summary="List the blocked and the allowed shoppers", do=list_shoppers,
    ),
    Operation(
        id="add_shopper", method="POST", path="/shopper-list", tag="Shoppers", status=201, body=EntryWish,
        answer=EntryAdded, summary="Block or allow a shopper", do=add_shopper,
        description="A blocked shopper's request is looked at by a person (`fraud_review`); nothing refuses it.",
    ),
    Operation(
        id="remove_shopper", method="DELETE", path="/shopper-list/{id}", tag="Shoppers", status=204,
        missing="entry_not_found", summary="Take a shopper off a list", do=remove_shopper,
    ),
)  # fmt: skip
