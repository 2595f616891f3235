"""An order is found by the telephone number of its shopper, however the order and the message write it."""

from pathlib import Path

import pytest

from retour.store.db import Database
from tests.core.intake.papers import a_return, an_order
from tests.flows.intake.source import Sender, a_sender

pytestmark = pytest.mark.anyio
WITH_COUNTRY = "+49 170 5550123"
INSIDE = "(0)170/555-0123"


@pytest.fixture
async def sender(database: Database, tmp_path: Path) -> Sender:
    return await a_sender(database, tmp_path)


@pytest.mark.parametrize(("kept", "told"), [(WITH_COUNTRY, INSIDE), (INSIDE, WITH_COUNTRY), (INSIDE, "0170 5550123")])
@pytest.mark.parametrize("country", [{}, {"country": "DE"}])
async def test_an_order_is_found_by_a_number_that_one_side_writes_without_its_country(
    sender: Sender, kept: str, told: str, country: dict[str, str]
) -> None:
    await sender.send(an_order(customer={"name": "Cara Canary", "phone": kept}))
    await sender.send(an_order(id="O-2", number="#1002", customer={"name": "Cara Canary", "phone": "+43 170 5550123"}))

    await sender.send(a_return(order={}, customer={"phone": told} | country))

    (waiting,) = await sender.intakes()
    points = {one["name"]: {point["by"]: point["points"] for point in one["points"]} for one in waiting.candidates}
    assert points["#1001"]["phone"] == 25
    assert points.get("#1002", {"phone": -10})["phone"] == -10


async def test_an_order_of_another_number_is_no_candidate(sender: Sender) -> None:
    await sender.send(an_order(customer={"name": "Cara Canary", "phone": WITH_COUNTRY}))

    await sender.send(a_return(order={}, customer={"phone": "0170 5550124"}))

    (waiting,) = await sender.intakes()
    assert (waiting.why, list(waiting.candidates)) == ("order_not_found", [])
