"""Our own reading of the published schemas agrees with another validator's, on documents bent in any one place."""

import copy
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retour.core.intake import SCHEMAS, problems
from tests.core.intake.papers import a_return, an_order

WHOLE = {
    "retour.return/1": a_return(
        kind="claim", channel="desk", notes="n", metadata={"a": "b"},
        order={"id": "O", "number": "#1", "placed_on": "2026-02-24", "total": "1.00", "currency": "EUR"},
        refund={"amount": "1.00", "currency": "EUR", "refunded_at": "2026-02-28T10:00:00Z"},
        shipping={"carrier": "dhl", "tracking_number": "T", "status": "in_transit", "shipped_at": "2026-02-28T10:00:00Z"},
    ),
    "retour.order/1": an_order(tags=["a"], cancelled_at="2026-02-28T10:00:00+01:00", metadata={"a": "b"}),
    "retour.message/1": {"schema": "retour.message/1", "id": "T", "sent_at": "2026-02-28T10:00:00Z", "text": "t", "from": "f"},
}  # fmt: skip
PEERS = {name: jsonschema_rs.validator_for(schema, validate_formats=True) for name, schema in SCHEMAS.items()}
VALUES = st.sampled_from(
    [None, "", "x", "x" * 201, "x" * 60_000, "a\0b", 0, 1, -1, 100_001, True, [], {}, [{}], "refund_original", "EUR", "eur",
     "1.00", "1.", "-1", "2026-02-24", "2026-02-30", "2026-02-28T10:00:00Z", "2026-02-30T10:00:00Z",
     "2026-02-28T10:00:00", "claim", "retour.return/1"]
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every part of a document."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for name, part in parts for found in places(part, (*path, name)))]


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_a_whole_document_is_in_order(name: str) -> None:
    assert problems(WHOLE[name], SCHEMAS[name]) == ()
    assert PEERS[name].is_valid(WHOLE[name])


@given(st.data(), st.sampled_from(sorted(SCHEMAS)))
def test_another_validator_says_the_same_of_a_document_that_was_bent(data: st.DataObject, name: str) -> None:
    bent: Any = copy.deepcopy(WHOLE[name])
    path = data.draw(st.sampled_from([p for p in places(bent) if p]))
    holder = bent
    for part in path[:-1]:
        holder = holder[part]
    how = data.draw(st.sampled_from(["replace", "drop", "add"]))
    if how == "replace":
        holder[path[-1]] = data.draw(VALUES)
    elif how == "drop":
        del holder[path[-1]]
    elif isinstance(holder, dict):
        holder[data.draw(st.sampled_from(["colour", "id", "sku", "reason"]))] = data.draw(VALUES)
    else:
        holder.append(data.draw(VALUES))

    assert (problems(bent, SCHEMAS[name]) == ()) == PEERS[name].is_valid(bent)
