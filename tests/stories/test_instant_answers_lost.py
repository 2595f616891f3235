"""Cards behind instant exchanges when the provider's answers get lost: what moves money happens once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from retour.core.rma import Grade
from tests.stories.house import House
from tests.stories.test_exchange_orders import balances
from tests.stories.test_instant_exchange import TEE, cards, come_back, days_pass, desk, held, hold, opened

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
