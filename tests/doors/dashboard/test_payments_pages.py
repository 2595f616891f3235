"""Settings of payments and waits over real HTTP: what is typed is kept, what is wrong is said and changes nothing."""

import pytest

from retour.core.breaker import Limits
from retour.core.fraud import Thresholds
from retour.core.second import Second, SecondRule
from retour.store import account, fraud, guard, sla
from retour.store.db import Database
from retour.store.sla import OwnLimit
from tests.doors.house import Browser
from tests.flows.session.people import House

pytestmark = pytest.mark.anyio
ROOT = "/dashboard/settings"
AT = f"{ROOT}/payments"


async def kept(database: Database, house: House) -> guard.Guard:
    async with database.tx(house.tenant_id) as db:
        return await guard.get(db, next(s.id for s in await account.stores(db) if s.shop_name == "main"))


async def test_the_limits_of_payments_are_typed_and_kept(owner: Browser, database: Database, house: House) -> None:
    page = await owner.send(
        await owner.get(AT), AT, second_above="500", second_by="desk", window_minutes="5", window_refunds="40",
        window_amount="1,000.50", day_amount="", norm_times="5",
    )  # fmt: skip

    found = await kept(database, house)
    assert found.second == SecondRule(50_000, overrides=False, by=Second.DESK)
    assert found.limits == Limits(5, 40, 100_050, None, 5)
    assert page.form(AT).fields["window_amount"] == ["1000.50"]


async def test_a_limit_that_is_none_is_said_at_its_field(owner: Browser, database: Database, house: House) -> None:
    before = await kept(database, house)

    page = await owner.send(
        await owner.get(AT), AT, second_above="many", second_by="nobody", window_minutes="0", window_refunds="-1",
        window_amount="0", norm_times="1",
    )  # fmt: skip

    assert page.status == 422
    assert page.form(AT).fields["second_above"] == ["many"]
    assert "6 things need your attention" in page.text
    assert await kept(database, house) == before


async def test_payments_are_paused_with_a_reason_that_the_page_shows(owner: Browser) -> None:
    paused = await owner.send(await owner.get(AT), f"{AT}/pause", reason="A key has leaked")
    assert "A key has leaked" in paused.text

    going = await owner.send(await owner.get(AT), f"{AT}/resume", reason="New keys")

    assert "Payments go again." in going.text
    assert "A key has leaked" not in going.text


async def test_hours_of_waits_are_kept_and_the_usual_ones_stay(
    owner: Browser, database: Database, house: House
) -> None:
    at = f"{ROOT}/waits"
    sent = {"hours-decision_needed": "8", "hours-held": "0"}
    await owner.send(await owner.get(at), "", **sent)

    async with database.tx(house.tenant_id) as db:
        store = next(s.id for s in await account.stores(db) if s.shop_name == "main")
        assert await sla.limits(db, store) == {"decision_needed": OwnLimit(8), "held": OwnLimit(None)}
    wrong = await owner.send(await owner.get(at), "", **{"hours-held": "x"})
    assert wrong.status == 422


async def test_a_shopper_is_put_on_a_list_with_a_reason_and_taken_off_again(
    owner: Browser, database: Database, house: House
) -> None:
    at = f"{ROOT}/shoppers"
    wrong = await owner.send(await owner.get(at), f"{at}/list", list="block", kind="email", value="nobody", reason="x")
    assert wrong.status == 422
    assert wrong.form(f"{at}/list").fields["value"] == ["nobody"]

    page = await owner.send(
        await owner.get(at), f"{at}/list", list="block", kind="email", value="Mallory@Example.org", reason="Empty boxes"
    )

    assert "m…@example.org" in page.text
    assert "Empty boxes" in page.text
    async with database.tx(house.tenant_id) as db:
        (entry,) = await fraud.entries(db)
    gone = await owner.send(page, f"{at}/{entry.id}/remove")
    assert "m…@example.org" not in gone.text


async def test_what_counts_as_a_sign_is_typed_and_kept(owner: Browser, database: Database, house: House) -> None:
    at = f"{ROOT}/shoppers"
    sent = {"returns": "3", "share": "75", "worn": "2", "swapped": "1", "without_goods": "1", "others": "4"}
    page = await owner.send(await owner.get(at), at, review_from="60", appeal="Call us.", **sent)
    bad = await owner.send(await owner.get(at), at, review_from="0", appeal="", **sent)

    assert page.form(at).fields["share"] == ["75"]
    assert bad.status == 422
    async with database.tx(house.tenant_id) as db:
        store = next(s.id for s in await account.stores(db) if s.shop_name == "main")
        assert await fraud.limits(db, store) == (Thresholds(3, 7_500, 2, 1, 1, 4, 60), "Call us.")
