"""What arrives is signed so that the official verifier takes it, in sequence, and by every secret of a rotation."""

import asyncio
import base64
import json
import secrets
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from retour.core.delivery import DeliveryState
from retour.flows.delivery import Delivered, signed_headers
from retour.store import delivery as deliveries
from retour.store import due
from tests.connectors.far_side import far_side, http
from tests.flows.delivery.post import NOWHERE, Post

pytestmark = pytest.mark.anyio


def a_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


async def test_two_hundred_events_arrive_signed_and_without_a_gap(post: Post) -> None:
    async with far_side(lambda _: http(b"ok")) as side:
        endpoint_id, secret = await post.listen(f"{side.url}/events")
        resources = [uuid4() for _ in range(4)]
        await asyncio.gather(*(post.happen(resource_id=each, note="größe 38½") for each in resources * 50))
        async with post.database.tx(None) as db:
            overdue = await due.deliveries(db, most=1_000, overdue=timedelta(0))
        turns = asyncio.Semaphore(8)

        async def carry(delivery_id: UUID) -> Delivered | None:
            async with turns:
                return await post.carry(delivery_id)

        carried = await asyncio.gather(*(carry(each) for tenant_id, each in overdue if tenant_id == post.tenant_id))

    told = [Webhook(secret).verify(asked.body, asked.headers) for asked in side.asked]
    sequences = defaultdict(list)
    for each in told:
        sequences[each["resource"]["id"]].append(each["sequence"])
    assert carried == [Delivered(DeliveryState.DELIVERED)] * 200
    assert {key: sorted(seen) for key, seen in sequences.items()} == {str(r): list(range(1, 51)) for r in resources}
    assert len({asked.headers["webhook-id"] for asked in side.asked}) == 200
    async with post.database.tx(post.tenant_id) as db:
        listed = await deliveries.of_endpoint(db, endpoint_id, after_event=NOWHERE, limit=500)
    assert {each.state for each in listed} == {DeliveryState.DELIVERED}


async def test_a_receiver_reads_the_event_and_nothing_else(post: Post) -> None:
    rma_id = uuid4()
    async with far_side(lambda _: http(b"")) as side:
        await post.listen(f"{side.url}/events?shop=1")
        [delivery_id] = await post.happen(resource_id=rma_id, number="R-10042", amount_minor=2_590)

        await post.carry(delivery_id)

    [asked] = side.asked
    event_id = (await post.look(delivery_id)).event_id
    assert (asked.method, asked.path, asked.headers["content-type"]) == (
        "POST", "/events?shop=1", "application/json",
    )  # fmt: skip
    assert asked.headers["webhook-id"] == str(event_id)
    assert asked.headers["webhook-timestamp"] == str(int(post.clock.now.timestamp()))
    assert asked.json == {
        "id": str(event_id),
        "type": "return.requested",
        "timestamp": post.clock.now.isoformat().replace("+00:00", "Z"),
        "sequence": 1,
        "resource": {"kind": "rma", "id": str(rma_id)},
        "data": {"number": "R-10042", "amount_minor": 2_590},
    }


async def test_during_a_rotation_the_old_and_the_new_secret_both_verify(post: Post) -> None:
    async with far_side(lambda _: http(b"")) as side:
        endpoint_id, old = await post.listen(side.url)
        new = a_secret()
        await post.reseal(endpoint_id, [new, old])
        [during] = await post.happen()
        await post.carry(during)
        await post.reseal(endpoint_id, [new])
        [after] = await post.happen()
        await post.carry(after)

    first, second = side.asked
    assert len(first.headers["webhook-signature"].split(" ")) == 2
    for secret in (old, new):
        Webhook(secret).verify(first.body, first.headers)
    Webhook(new).verify(second.body, second.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(second.body, second.headers)


def test_the_official_verifier_takes_a_thousand_signatures() -> None:
    now = datetime.now(UTC)
    for n in range(1_000):
        chosen = [a_secret() for _ in range(1 + n % 2)]
        body = json.dumps({"n": n, "text": secrets.token_urlsafe(n % 64) + "ß🧦"}, ensure_ascii=False).encode()
        headers = signed_headers(chosen, webhook_id=uuid4(), sent_at=now - timedelta(seconds=n % 290), body=body)

        assert Webhook(chosen[-1]).verify(body, headers)["n"] == n


def test_a_changed_body_id_or_time_is_refused_by_the_official_verifier() -> None:
    secret, body = a_secret(), b'{"n":1}'
    headers = signed_headers([secret], webhook_id=uuid4(), sent_at=datetime.now(UTC), body=body)
    earlier = str(int(headers["webhook-timestamp"]) - 1)

    for changed, sent in [
        (headers, b'{"n":2}'),
        (headers | {"webhook-id": str(uuid4())}, body),
        (headers | {"webhook-timestamp": earlier}, body),
    ]:
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(sent, changed)
