"""A delivery on its way: what each answer does, what a crash leaves, and who gets nothing."""

import asyncio
import socket
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from retour.connectors.http import Patience
from retour.connectors.webhook.client import WebhookClient
from retour.core.delivery import DeliveryState
from retour.core.ports import WireAnswer
from retour.flows.delivery import LEASE, Delivered
from retour.flows.webhook_endpoint import delete_endpoint
from retour.store import delivery as deliveries
from retour.store import instance
from retour.store.vault import Vault
from tests.connectors.far_side import Asked, far_side, http
from tests.flows.delivery.post import Meddling, Post, way_out

pytestmark = pytest.mark.anyio
FIVE_SECONDS = timedelta(seconds=5)
DONE = Delivered(DeliveryState.DELIVERED)


def in_turn(*statuses: int, **headers: str) -> Callable[[Asked], bytes]:
    left = list(statuses)
    return lambda _: http(b"", status=left.pop(0), headers=headers)


def again(post: Post) -> Delivered:
    return Delivered(DeliveryState.DUE, post.clock.now + FIVE_SECONDS)


async def test_after_a_500_the_same_message_goes_out_again_under_the_same_id(post: Post) -> None:
    async with far_side(in_turn(500, 200)) as side:
        await post.listen(side.url)
        [delivery_id] = await post.happen()
        first = await post.carry(delivery_id)
        too_early = await post.carry(delivery_id)
        assert first == again(post)
        post.clock.wind(by=FIVE_SECONDS)
        second = await post.carry(delivery_id)
        third = await post.carry(delivery_id)

    assert (too_early, second, third) == (None, DONE, None)
    one, two = side.asked
    assert (one.headers["webhook-id"], one.body) == (two.headers["webhook-id"], two.body)
    assert int(two.headers["webhook-timestamp"]) - int(one.headers["webhook-timestamp"]) == 5
    seen = await post.look(delivery_id)
    assert (seen.state, seen.tries, seen.last_status, seen.last_problem) == (DeliveryState.DELIVERED, 2, 200, None)
    assert seen.delivered_at == post.clock.now


async def test_a_receiver_that_asks_for_time_gets_it(post: Post) -> None:
    async with far_side(in_turn(503, **{"retry-after": "120"})) as side:
        await post.listen(side.url)
        [delivery_id] = await post.happen()

        came = await post.carry(delivery_id)

    assert came == Delivered(DeliveryState.DUE, post.clock.now + timedelta(minutes=2))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_a_failure_and_leads_nowhere(post: Post, status: int) -> None:
    async with far_side(lambda _: http(b"")) as canary, far_side(in_turn(status, location=canary.url)) as side:
        await post.listen(side.url)
        [delivery_id] = await post.happen()

        assert await post.carry(delivery_id) == again(post)

    assert (len(side.asked), len(canary.asked)) == (1, 0)
    assert (await post.look(delivery_id)).last_problem == f"the receiver answered {status}; redirects are not followed"


async def test_the_status_counts_whatever_the_body_is(post: Post) -> None:
    async with far_side(lambda _: http(b"\x1f\x8b", length=10**9, headers={"content-encoding": "gzip"})) as side:
        await post.listen(side.url)
        [delivery_id] = await post.happen()

        assert await post.carry(delivery_id) == DONE


async def test_a_receiver_that_keeps_silent_is_tried_again(post: Post) -> None:
    hung_up = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()  # until the caller hangs up
        writer.close()
        hung_up.set()

    async with (
        await asyncio.start_server(silent, "127.0.0.1", 0) as server,
        way_out(patience=Patience(whole_s=0.2)) as out,
    ):
        await post.listen(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        [delivery_id] = await post.happen()

        assert await post.carry(delivery_id, sender=WebhookClient(out)) == again(post)
        await hung_up.wait()

    assert (await post.look(delivery_id)).last_problem == "the receiver did not answer in time"


async def test_a_dead_receiver_is_asked_ten_times_over_75_hours_and_then_shown_to_the_operator(post: Post) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        endpoint_id, _ = await post.listen(f"http://127.0.0.1:{closed.getsockname()[1]}/")
        [delivery_id] = await post.happen()
        began = post.clock.now

        tries = await post.carry_to_the_end(delivery_id)

    assert (tries, post.clock.now - began) == (10, timedelta(hours=75, minutes=35, seconds=5))
    seen = await post.look(delivery_id)
    assert (seen.state, seen.tries, seen.last_problem) == (
        DeliveryState.FAILED, 10, "the receiver could not be reached",
    )  # fmt: skip
    [complaint] = await post.complaints()
    assert (complaint.kind, complaint.resource_id, complaint.owner) == (
        "webhook_endpoint_failing", endpoint_id, "operator",
    )  # fmt: skip
    assert complaint.details == {
        "delivery_id": str(delivery_id),
        "status": None,
        "tries": 10,
        "problem": seen.last_problem,
    }
    assert (await post.endpoint(endpoint_id)).active is True


async def test_another_receiver_is_served_while_one_is_dead(post: Post) -> None:
    async with far_side(in_turn(200)) as alive, far_side(lambda _: b"") as dead:
        ids = {(await post.listen(side.url))[0]: side for side in (alive, dead)}
        made = await post.happen()
        came = {ids[(await post.look(each)).endpoint_id].url: await post.carry(each) for each in made}

    assert came == {alive.url: DONE, dead.url: again(post)}


async def test_410_switches_the_receiver_off_and_gives_up_what_was_due(post: Post) -> None:
    async with far_side(in_turn(410)) as side:
        endpoint_id, _ = await post.listen(side.url)
        [first], [second] = await post.happen(), await post.happen()

        assert await post.carry(first) == Delivered(DeliveryState.FAILED)
        assert await post.carry(second) is None
        later = await post.happen()

    endpoint = await post.endpoint(endpoint_id)
    assert (endpoint.active, endpoint.disabled_reason, later) == (False, "the receiver wants no more events (410)", [])
    assert [(await post.look(each)).state for each in (first, second)] == [DeliveryState.FAILED] * 2
    assert [(each.kind, each.details["status"]) for each in await post.complaints()] == [
        ("webhook_endpoint_failing", 410)
    ]
    disabled = (2, "webhook_endpoint.disabled", {"status": 410, "delivery_id": str(first)})
    assert (await post.events(endpoint_id))[1:] == [disabled]


async def test_a_delivery_of_a_receiver_that_was_deleted_meanwhile_is_given_up_in_silence(post: Post) -> None:
    async with far_side(in_turn(500, 410)) as side:
        endpoint_id, _ = await post.listen(side.url)
        [retried], [gone] = await post.happen(), await post.happen()

        async def delete(answer: WireAnswer) -> WireAnswer:
            async with post.database.tx(post.tenant_id) as db:
                await delete_endpoint(db, endpoint_id=endpoint_id, actor="test", now=post.clock.now)
            return answer

        first = await post.carry(retried)
        post.clock.wind(by=FIVE_SECONDS)
        second = await post.carry(gone, sender=Meddling(post.client, delete))
        third = await post.carry(retried)

    assert first is not None
    assert (second, third) == (Delivered(DeliveryState.FAILED), None)
    assert (await post.look(retried)).last_problem == "the endpoint was deleted"
    assert (await post.endpoint(endpoint_id)).deleted
    assert (await post.complaints(), len(side.asked)) == ([], 2)


async def test_nothing_is_sent_to_a_receiver_that_is_switched_off(post: Post) -> None:
    async with far_side(in_turn()) as side:
        endpoint_id, _ = await post.listen(side.url)
        [delivery_id] = await post.happen()
        async with post.database.tx(post.tenant_id) as db:
            await db.execute("UPDATE webhook_endpoint SET active = false WHERE id = $1", endpoint_id)

        assert await post.carry(delivery_id) == Delivered(DeliveryState.FAILED)

    assert (side.asked, await post.complaints()) == ([], [])
    assert (await post.look(delivery_id)).last_problem == "the receiver is switched off"


async def test_a_secret_that_cannot_be_opened_counts_as_a_try_and_sends_nothing(post: Post, tmp_path: Path) -> None:
    async with far_side(in_turn()) as side:
        endpoint_id, secret = await post.listen(side.url)
        await post.reseal(endpoint_id, [secret], vault=Vault.open(tmp_path / "other keys"))
        [delivery_id] = await post.happen()

        assert await post.carry(delivery_id) == again(post)

    assert side.asked == []
    assert (await post.look(delivery_id)).last_problem == "the signing secret cannot be opened"


async def test_what_a_crash_left_is_sent_again_under_the_same_id_when_the_lease_is_over(post: Post) -> None:
    async def die(_: WireAnswer) -> WireAnswer:
        raise KeyboardInterrupt

    async with far_side(in_turn(200, 200)) as side:
        await post.listen(side.url)
        [delivery_id] = await post.happen()
        with pytest.raises(KeyboardInterrupt):
            await post.carry(delivery_id, sender=Meddling(post.client, die))
        left = (await post.look(delivery_id)).state
        post.clock.wind(by=LEASE)
        held = await post.carry(delivery_id)
        post.clock.wind(by=timedelta(microseconds=1))
        taken_over = await post.carry(delivery_id)

    assert (left, held, taken_over) == (DeliveryState.SENDING, None, DONE)
    assert len({each.headers["webhook-id"] for each in side.asked}) == 1
    assert (len(side.asked), (await post.look(delivery_id)).tries) == (2, 2)


async def test_a_late_answer_changes_nothing_once_the_lease_is_another_workers(post: Post) -> None:
    async with far_side(in_turn(500, 200)) as side:
        await post.listen(side.url)
        [delivery_id] = await post.happen()

        async def overtaken(answer: WireAnswer) -> WireAnswer:
            post.clock.wind(by=LEASE * 2)
            assert await post.carry(delivery_id) == DONE
            return answer

        late = await post.carry(delivery_id, sender=Meddling(post.client, overtaken))

    seen = await post.look(delivery_id)
    assert (late, seen.state, seen.last_status, seen.tries) == (None, DeliveryState.DELIVERED, 200, 2)


async def test_a_late_answer_changes_nothing_while_another_worker_is_sending(post: Post) -> None:
    async with far_side(in_turn(500)) as side:
        await post.listen(side.url)
        [delivery_id] = await post.happen()

        async def taken_over(answer: WireAnswer) -> WireAnswer:
            post.clock.wind(by=LEASE * 2)
            async with post.database.tx(post.tenant_id) as db:
                assert await deliveries.claim(db, delivery_id, now=post.clock.now, lease=LEASE)
            return answer

        late = await post.carry(delivery_id, sender=Meddling(post.client, taken_over))

    seen = await post.look(delivery_id)
    assert (late, seen.state, seen.last_status, seen.tries) == (None, DeliveryState.SENDING, None, 2)


async def test_eight_workers_with_the_same_job_send_it_once(post: Post) -> None:
    async with far_side(in_turn(200)) as side:
        await post.listen(side.url)
        [delivery_id] = await post.happen()

        came = await asyncio.gather(*(post.carry(delivery_id) for _ in range(8)))

    assert sorted(map(str, came)) == sorted(map(str, [DONE] + [None] * 7))
    assert len(side.asked) == 1


async def test_a_quarantined_database_tells_nobody_anything(post: Post, owner: Any, tmp_path: Path) -> None:
    async with far_side(in_turn(200)) as side:
        await post.listen(side.url)
        [delivery_id] = await post.happen()
        await instance.quarantine(owner, "a copy of production")
        try:
            assert await post.carry(delivery_id) is None
        finally:
            await instance.resume(owner, tmp_path)
        asked_before = len(side.asked)

        assert await post.carry(delivery_id) == DONE

    assert (asked_before, len(side.asked)) == (0, 1)


async def test_a_receiver_hears_only_its_topics(post: Post) -> None:
    await post.listen("http://127.0.0.1:1/", topics=["return.approved"])
    wanted, _ = await post.listen("http://127.0.0.1:1/", topics=["return.requested", "return.noted"])
    everything, _ = await post.listen("http://127.0.0.1:1/", topics=[])

    made = await post.happen()

    assert {(await post.look(each)).endpoint_id for each in made} == {wanted, everything}


async def test_another_accounts_events_are_never_delivered(post: Post) -> None:
    other = Post(post.database, post.vault, post.http)
    await other.open()
    async with far_side(lambda _: http(b"")) as ours, far_side(lambda _: http(b"")) as theirs:
        await post.listen(ours.url, topics=[])
        await other.listen(theirs.url, topics=[])
        [own], [foreign] = await post.happen(), await other.happen()

        assert await post.carry(foreign) is None
        assert await other.carry(own) is None
        assert (ours.asked, theirs.asked) == ([], [])
        assert [await post.carry(own), await other.carry(foreign)] == [DONE, DONE]

    assert [len(side.asked) for side in (ours, theirs)] == [1, 1]
    assert ours.asked[0].headers["webhook-id"] == str((await post.look(own)).event_id)
