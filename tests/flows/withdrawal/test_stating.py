"""A statement is kept, sealed and acknowledged at once, whoever makes it and whatever it names."""

from dataclasses import replace

import pytest

from retour.core.errors import Refused
from retour.core.withdrawal import Statement, WithdrawalState, digest
from retour.store.ids import new_id
from tests.flows.withdrawal.conftest import NOW, RECEIVED, SAID, Counter

pytestmark = pytest.mark.anyio

ROW = "SELECT sealed, person_id FROM withdrawal WHERE id = $1"
COUNT = "SELECT count(*) AS n FROM withdrawal"


async def test_a_statement_is_acknowledged_with_its_content_day_and_time_before_anything_is_looked_up(
    counter: Counter,
) -> None:
    said = Statement("Ada", "no such order", "ada@example.com", "the blue one")

    id_ = await counter.state(said)

    kept = await counter.get(id_)
    assert (kept.state, kept.said, kept.received_at) == (WithdrawalState.RECEIVED, said, NOW)
    assert kept.content_sha256 == digest(said, NOW)
    assert await counter.letters(id_) == [
        (RECEIVED, "ada@example.com", {
            "name": "Ada", "number": "no such order", "contact": "ada@example.com", "goods": "the blue one",
            "at": "2026-05-04T10:00:00+00:00", "sha256": digest(said, NOW),
        })
    ]  # fmt: skip
    assert await counter.events(id_) == [("withdrawal.received", "shopper")]
    assert counter.asked == []


async def test_what_was_stated_is_sealed_and_two_statements_look_alike(counter: Counter) -> None:
    first, second = await counter.state(), await counter.state(replace(SAID, name="A much longer name than that"))

    rows = [await counter.one(ROW, id_) for id_ in (first, second)]

    assert all(b"Canary" not in row["sealed"] and row["person_id"] is None for row in rows)
    assert len(rows[0]["sealed"]) == len(rows[1]["sealed"])


async def test_the_same_statement_sent_twice_is_one_with_one_mail(counter: Counter) -> None:
    id_ = new_id()

    await counter.state(id=id_)
    await counter.state(replace(SAID, name="Somebody else"), id=id_)

    assert (await counter.get(id_)).said == SAID
    assert len(await counter.letters(id_)) == 1


async def test_what_cannot_be_read_is_refused_and_nothing_is_kept(counter: Counter) -> None:
    with pytest.raises(Refused) as refused:
        await counter.state(Statement("", "", "nowhere"))

    assert [o.code for o in refused.value.objections] == ["name_required", "number_required", "invalid_email"]
    assert (await counter.one(COUNT))["n"] == 0


async def test_one_address_is_not_pestered_with_acknowledgements(counter: Counter) -> None:
    for _ in range(6):
        await counter.state()
    with pytest.raises(Refused) as refused:
        await counter.state(replace(SAID, name="Again"))

    assert (refused.value.code, refused.value.facts) == ("too_many_requests", {"wait_s": 600})
    assert (await counter.one(COUNT))["n"] == 6


async def test_one_network_is_slowed_whatever_it_names(counter: Counter) -> None:
    for n in range(20):
        await counter.state(replace(SAID, contact=f"p{n}@example.com"), address="192.0.2.7")
    with pytest.raises(Refused) as refused:
        await counter.state(replace(SAID, contact="p99@example.com"), address="192.0.2.7")

    assert refused.value.code == "too_many_requests"
