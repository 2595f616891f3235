"""Cards behind instant exchanges when the provider's answers get lost: what moves money happens once."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from retour.core.rma import Grade
from retour.flows.card_hold.told import told_of_card
from retour.store.ids import new_id
from retour.store.webhook import Entry
from tests.stories.house import House, now
from tests.stories.test_exchange_orders import balances
from tests.stories.test_instant_exchange import (
    TEE,
    approved,
    ask,
    cards,
    come_back,
    days_pass,
    desk,
    held,
    hold,
    opened,
)

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("how", ["lost", "lost_before", "500"])
async def test_a_capture_whose_answer_is_lost_happens_once(house: House, how: str) -> None:
    await opened(house)
    _, rma_id = await held(house)
    house.platforms = replace(house.platforms, trusted_window=timedelta(0))  # the state is read, the key not relied on
    await desk(house, faults=[{"where": "capture", "how": how}])

    await come_back(house, rma_id, Grade.DAMAGED)
    for _ in range(4):
        await house.later()

    assert ((await hold(house, rma_id)).state.value, (await hold(house, rma_id)).captured_minor) == ("captured", 600)
    assert await cards(house) == (0, 600, {"pages": 1, "authorised": 1, "captured": 1})
    assert (await balances(house))["merchant:sales"] == 600


async def test_a_renewal_whose_answer_is_lost_happens_once(house: House) -> None:
    await opened(house)
    _, rma_id = await held(house)
    await desk(house, faults=[{"where": "authorise", "how": "lost"}, {"where": "release", "how": "lost"}])

    await days_pass(house, 6)

    assert (await hold(house, rma_id)).state.value == "authorised"
    assert await cards(house) == (TEE, 0, {"pages": 1, "authorised": 2, "released": 1})


async def test_a_message_of_the_provider_lets_the_page_be_looked_at_now_and_any_other_does_nothing(
    house: House,
) -> None:
    await opened(house)
    _, rma_id = await approved(house)
    waiting = await ask(house, rma_id)
    await desk(house, confirm="last")

    def told(hold: str, connection: UUID) -> Entry:
        return Entry(
            new_id(), "stripe", connection, house.store, "acct", "card.told", None, None, {"hold": hold}, now(), 1, None
        )

    known, other = str(waiting.id), waiting.connection_id
    outcomes = []
    for said in (told("", other), told(str(new_id()), other), told(known, new_id()), told(known, other)):
        async with house.web.tx(house.tenant) as db:
            outcomes.append((await told_of_card(db, said, now=now())).outcome)
    assert outcomes == ["nothing_to_do", "nothing_to_do", "nothing_to_do", "looked_at"]
    await house.settle_down()

    assert ((await hold(house, rma_id)).state.value, (await cards(house))[0]) == ("authorised", TEE)
