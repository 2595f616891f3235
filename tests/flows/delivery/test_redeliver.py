"""Sending again on demand: under the same id, only to a receiver that is on, and the complaint goes when all is there."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from retour.core.delivery import DeliveryState
from retour.core.errors import Refused
from retour.flows.delivery import Delivered, redeliver, redeliver_failed
from retour.store import delivery as deliveries
from tests.connectors.far_side import far_side, http
from tests.flows.delivery.post import NOWHERE, Post

pytestmark = pytest.mark.anyio


async def ask_again(post: Post, delivery_id: UUID) -> None:
    async with post.database.tx(post.tenant_id) as db:
        await redeliver(db, delivery_id=delivery_id, now=post.clock.now)


async def test_a_delivered_event_is_sent_again_under_the_same_id(post: Post, owner: Any) -> None:
    async with far_side(lambda _: http(b"")) as side:
        await post.listen(side.url)
        [delivery_id] = await post.happen()
        await post.carry(delivery_id)

        await ask_again(post, delivery_id)
        assert await post.carry(delivery_id) == Delivered(DeliveryState.DELIVERED)

    assert len(side.asked) == 2
    assert len({asked.headers["webhook-id"] for asked in side.asked}) == 1
    jobs = await owner.fetch(
        "SELECT task_name, args FROM jobs.procrastinate_jobs WHERE args->>'id' = $1", str(delivery_id)
    )
    assert [(job["task_name"], job["args"]["tenant_id"]) for job in jobs] == [("delivery.deliver", str(post.tenant_id))]


async def test_what_is_on_its_way_is_not_started_again(post: Post) -> None:
    await post.listen("http://127.0.0.1:1/")
    [delivery_id] = await post.happen()
    before = await post.look(delivery_id)

    with pytest.raises(Refused) as refused:
        await ask_again(post, delivery_id)

    assert (refused.value.code, refused.value.facts) == ("move_not_allowed", {"state": "due"})
    assert await post.look(delivery_id) == before


async def test_a_delivery_that_is_not_ours_is_unknown(post: Post) -> None:
    with pytest.raises(Refused) as refused:
        await ask_again(post, uuid4())

    assert (refused.value.code, refused.value.status) == ("delivery_not_found", 404)


async def test_nothing_is_sent_again_to_a_receiver_that_is_off(post: Post) -> None:
    async with far_side(lambda _: http(b"", status=410)) as side:
        endpoint_id, _ = await post.listen(side.url)
        [delivery_id] = await post.happen()
        await post.carry(delivery_id)

    with pytest.raises(Refused) as refused:
        await ask_again(post, delivery_id)
    async with post.database.tx(post.tenant_id) as db:
        started = await redeliver_failed(db, endpoint_id=endpoint_id, now=post.clock.now)

    assert (refused.value.code, refused.value.status, started) == ("endpoint_inactive", 409, 0)
    assert (await post.look(delivery_id)).state is DeliveryState.FAILED


async def test_a_receiver_that_was_dead_for_days_gets_all_it_missed_and_the_complaint_goes(post: Post) -> None:
    answers = {"status": 503}
    async with far_side(lambda _: http(b"", status=answers["status"])) as side:
        endpoint_id, _ = await post.listen(side.url)
        missed = [(await post.happen())[0] for _ in range(5)]
        began = post.clock.now
        for each in missed:
            post.clock.wind(to=began)
            assert await post.carry_to_the_end(each) == 10
        assert len(await post.complaints()) == 1

        answers["status"] = 204
        post.clock.wind(by=timedelta(days=2))
        async with post.database.tx(post.tenant_id) as db:
            first = await redeliver_failed(db, endpoint_id=endpoint_id, now=post.clock.now, most=3)
            second = await redeliver_failed(db, endpoint_id=endpoint_id, now=post.clock.now, most=3)
        open_before_each = []
        for each in missed:
            open_before_each.append(len(await post.complaints()))
            assert await post.carry(each) == Delivered(DeliveryState.DELIVERED)

    assert (first, second) == (3, 2)
    assert open_before_each == [1, 0, 0, 0, 0]
    ids = {(await post.look(each)).event_id for each in missed}
    assert {UUID(asked.headers["webhook-id"]) for asked in side.asked} == ids
    assert len(side.asked) == 55
    async with post.database.tx(post.tenant_id) as db:
        listed = await deliveries.of_endpoint(
            db, endpoint_id, after_event=NOWHERE, limit=10, state=DeliveryState.FAILED
        )
    assert listed == []


async def test_the_complaint_stays_while_something_missed_was_not_sent_again(post: Post) -> None:
    answers = {"status": 500}
    async with far_side(lambda _: http(b"", status=answers["status"])) as side:
        await post.listen(side.url)
        missed = [(await post.happen())[0] for _ in range(2)]
        began = post.clock.now
        for each in missed:
            post.clock.wind(to=began)
            await post.carry_to_the_end(each)

        answers["status"] = 200
        await ask_again(post, missed[0])
        await post.carry(missed[0])
        after_one = len(await post.complaints())
        await ask_again(post, missed[1])
        await post.carry(missed[1])

    assert (after_one, len(await post.complaints())) == (1, 0)
