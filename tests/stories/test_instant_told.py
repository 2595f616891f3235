"""What the card's provider tells of an authorisation, from its own signed message to what the return does about it."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID

import httpx2
import pytest
from litestar import Litestar

from retour.connectors.stripe.webhooks import StripeInbound
from retour.doors.hooks.routes import route_handlers
from retour.flows.card_hold.told import TOPIC, CardTold, told_of_card
from retour.flows.webhook import Documents, Mailbox, read_inbox, seal_secrets
from retour.store.db import Db
from retour.store.webhook import Entry
from tests.sandbox.desk import serving
from tests.stories.house import House, now
from tests.stories.test_exchange_orders import balances
from tests.stories.test_instant_exchange import TEE, cards, desk, held, hold, opened
from tests.waiting import until

pytestmark = pytest.mark.anyio
SECRET = b"whsec_of_this_house"


@pytest.fixture
async def door(house: House) -> AsyncIterator[str]:
    """Serve the door for signed messages on loopback and give its address."""
    mailbox = Mailbox(house.web, house.vault, {"stripe": StripeInbound()})
    async with serving(Litestar(route_handlers(mailbox, now), openapi_config=None)) as address:
        yield address


async def listening(house: House, door: str) -> UUID:
    """Let the provider post its messages to the house from now on, and return its connection."""
    row = await house.row("SELECT id FROM connection WHERE platform = 'stripe'")
    connection_id: UUID = row[0]
    sealed = seal_secrets(house.vault, [SECRET], tenant_id=house.tenant, connection_id=connection_id)
    await house.change("UPDATE connection SET sealed_webhook_secrets = $1 WHERE id = $2", sealed, connection_id)
    await desk(house, url=f"{door}/hooks/stripe/{connection_id}", webhook_secret=SECRET.decode())
    return connection_id


async def inbox(house: House) -> list[tuple[Any, ...]]:
    return await house.rows("SELECT id, topic, outcome FROM inbox ORDER BY received_at, id")


def signed(body: bytes, *, secret: bytes = SECRET, age_s: int = 0) -> dict[str, str]:
    at = str(int(now().timestamp()) - age_s)
    return {"stripe-signature": f"t={at},v1={hmac.new(secret, f'{at}.'.encode() + body, hashlib.sha256).hexdigest()}"}


async def read(house: House, inbox_id: UUID) -> None:
    """Work on one message as the executor does."""

    async def nothing(*_: object, **__: object) -> None:
        raise AssertionError("a message about a card asks for nothing else")

    async def work(db: Db, entry: Entry, _: bytes) -> CardTold:
        return await told_of_card(db, entry, now=now())

    other: Callable[..., Awaitable[Any]] = nothing
    await read_inbox(
        house.web, house.vault, tenant_id=house.tenant, inbox_id=inbox_id, read=other, mirror=other, on_tracking=other,
        clock=now, documents=Documents(frozenset({TOPIC}), work),
    )  # fmt: skip


async def test_an_authorisation_that_was_captured_there_is_told_kept_and_booked_at_once(
    house: House, door: str
) -> None:
    await opened(house)
    _, rma_id = await held(house)
    await listening(house, door)

    await desk(house, capture="last")
    got = await until(lambda: inbox(house))
    await read(house, got[0][0])
    await house.settle_down()

    assert [row[1:] for row in await inbox(house)] == [("card.told", "looked_at")]
    done = await hold(house, rma_id)
    assert (done.state.value, done.captured_minor) == ("captured", TEE)
    assert (await balances(house))["merchant:sales"] == TEE


async def test_the_same_message_again_is_known_and_changes_nothing(house: House, door: str) -> None:
    await opened(house)
    _, rma_id = await held(house)
    connection_id = await listening(house, door)
    await desk(house, let_go="last")
    got = await until(lambda: inbox(house))
    await read(house, got[0][0])
    await house.settle_down()
    before, books = await hold(house, rma_id), await cards(house)
    intent = (await desk(house))["intents"][0]
    event_id = (await house.row("SELECT event_id FROM inbox"))[0]
    body = json.dumps({"id": event_id, "type": "payment_intent.canceled", "data": {"object": intent}}).encode()
    address = f"{door}/hooks/stripe/{connection_id}"

    async with httpx2.AsyncClient() as client:
        again = await client.post(address, content=body, headers=signed(body))
        await read(house, got[0][0])
        refused = [
            (await client.post(address, content=raw, headers=headers)).status_code
            for raw, headers in (
                (body + b" ", signed(body)), (body, signed(body, secret=b"another")), (body, signed(body, age_s=400)),
                (body, {}),
            )
        ]  # fmt: skip
    await house.settle_down()

    assert (again.json(), refused) == ({"received": True}, [401] * 4)
    assert len(await inbox(house)) == 1
    assert (await hold(house, rma_id), await cards(house)) == (before, books)
