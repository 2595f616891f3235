"""The page of a simulation over HTTP: it tells of the store that it was run for."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from retour.core.policy.template import templates
from retour.core.simulation import (
    Affected,
    AffectedLine,
    Against,
    Books,
    Change,
    Counts,
    Fate,
    Figures,
    LineSide,
    Mode,
    Money,
    Result,
    Side,
    Why,
)
from retour.flows import account
from retour.flows import simulation as flow
from retour.store.db import Database
from retour.store.simulation import work
from tests.doors.house import Browser
from tests.flows.session.people import House

pytestmark = pytest.mark.anyio
DAY = date(2026, 3, 1)
FREE, DEAR = (
    {"offered": [{"kind": "refund_original"}]},
    {"offered": [{"kind": "refund_original", "restocking_fee": {"fixed_minor": 777, "per": "return"}}]},
)
BEFORE, AFTER = (LineSide(Fate.AUTOMATIC, resolution="refund_original", method="label") for _ in range(2))
LINE = AffectedLine("L1", "Tee", "T", 1, "x", BEFORE, AFTER, (Why("resolutions", "default", "default", FREE, DEAR),))
PAID, LESS = Money(refund_minor=5_000), Money(refund_minor=4_223, fee_minor=777)
SIDE = Side(Counts(1, 1), Figures(lines=1, units=1, automatic=1, value_minor=5_000, refund_minor=5_000))


async def test_a_simulation_of_another_store_is_told_with_its_own_currency_and_without_the_first_store_s_links(
    owner: Browser, house: House, database: Database
) -> None:
    now = datetime.now(UTC)
    async with database.tx(house.tenant_id) as db:
        tokyo = await account.create_store(
            db, shop_name="zz-tokyo", timezone="Asia/Tokyo", currency="JPY", actor="test", now=now
        )
        candidate = replace(templates()[0].make(), currency="JPY")
        started = await flow.start(
            db, store_id=tokyo.id, candidate=candidate, mode=Mode.RETURNS, against=Against.RECORDED, from_on=DAY,
            until_on=DAY, actor="test", now=now, nudge=False,
        )  # fmt: skip
        taken = await work.take(db, started, now=now, lease_until=now)
        assert taken is not None
        gone = Affected(
            "R-1", "#1", DAY, "JP", "JPY", (Change.PAYS_LESS,), Fate.AUTOMATIC, Fate.AUTOMATIC, PAID, LESS, (LINE,)
        )
        await work.add_affected(db, taken, [work.entry(1, gone)])
        books = Books("JPY", SIDE, SIDE, dict.fromkeys(("rule", "reason", "product", "country"), ()))
        result = Result(
            Mode.RETURNS, Against.RECORDED, (books,), read=1, affected=1, listed=1, changes={"pays_less": 1}
        )
        assert await work.finish(db, taken, result, read=1, at=now)

    page = await owner.get(f"/dashboard/simulations/{started}")

    assert "¥777" in page.text
    assert "7.77" not in page.text
    assert "/simulate" not in page.text
