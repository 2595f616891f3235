"""What a shopper is mailed about a fee that is paid beforehand: first to pay, then how to send the goods."""

from collections.abc import AsyncIterator

import pytest

from tests.stories.house import House
from tests.stories.test_fees_beforehand import asked, charging, pay
from tests.stories.test_mails import Mailing, mailing

pytestmark = pytest.mark.anyio


@pytest.fixture
async def store(house: House) -> AsyncIterator[Mailing]:
    async with mailing(house) as opened:
        await opened.change()
        async with house.web.tx(house.tenant) as db:
            await house.publish(charging(), db=db)
        yield opened


async def test_the_mail_of_the_approval_waits_for_the_fee(store: Mailing) -> None:
    house = store.house
    _, rma_id = await asked(house)
    number = await store.number(rma_id)

    async def subjects() -> list[str]:
        return [str(kept.header("Subject")) for kept in await store.send()]

    assert await subjects() == [f"We have your return request {number}"]
    await house.approve(rma_id)
    assert await subjects() == [f"Your return {number} waits for €6.90"]
    await pay(house)
    assert await subjects() == [f"Your return {number} is approved"]
