"""From the scan to the last unit inspected, as a browser without script does it."""

from datetime import timedelta
from typing import Any

import pytest

from retour.core.account import Role
from retour.core.rma import Grade
from retour.flows import rma
from tests.doors.warehouse.clerk import Clerk, a_clerk, hidden, text_of
from tests.flows.receiving.a_dock import MORNING, SKU, Dock

pytestmark = pytest.mark.anyio


async def receive(clerk: Clerk, number: str, quantity: int = 1, **more: Any) -> Any:
    page = await clerk.get(f"/warehouse/returns/{number}")
    fields = hidden(page, f"/warehouse/returns/{number}/receive")
    sent = fields | {"quantity": quantity, "nonce": None} | more
    return await clerk.post(f"/warehouse/returns/{number}/receive", {k: v for k, v in sent.items() if v is not None})


async def on_the_bench(clerk: Clerk, number: str) -> dict[str, str]:
    page = await clerk.get(f"/warehouse/returns/{number}/inspect")
    return hidden(page, f"/warehouse/returns/{number}/inspect")


async def test_a_return_is_scanned_received_and_inspected_to_the_last_unit(clerk: Clerk, dock: Dock) -> None:
    rma_id = await dock.a_return(2)
    number = await clerk.number(rma_id)
    assert "Your last scans" in text_of(await clerk.get("/warehouse"))

    page = await clerk.follow(await clerk.post("/warehouse/scan", {"code": number}))
    assert "0 of 2 here" in page
    scanned = MORNING.isoformat()
    page = await clerk.follow(await clerk.post("/warehouse/scan", {"code": SKU, "within": number, "at": scanned}))
    assert "1 of 2 here" in page
    at_once = (MORNING + timedelta(seconds=1)).isoformat()
    page = await clerk.follow(await receive(clerk, number, at=at_once))
    assert "The same code within two seconds: counted once." in page
    assert "1 of 2 here" in page
    later = (MORNING + timedelta(seconds=9)).isoformat()
    assert "2 of 2 here" in await clerk.follow(await receive(clerk, number, at=later))

    finished = await clerk.post(f"/warehouse/returns/{number}/finish", {})
    assert finished.headers["location"].startswith(f"/warehouse/returns/{number}/inspect")
    for last in (False, True):
        fields = await on_the_bench(clerk, number) | {"grade": "sealed", "do": "save", "location": "A-1"}
        saved = await clerk.post(f"/warehouse/returns/{number}/inspect", fields)
        page = await clerk.follow(saved)
        assert ("All units are inspected. Scan the next parcel." in page) is last

    line = await dock.line(rma_id)
    assert [i.grade for i in line.inspections] == [Grade.SEALED, Grade.SEALED]


async def test_a_code_that_leads_nowhere_says_so_and_the_parcel_can_be_kept(clerk: Clerk, dock: Dock) -> None:
    answer = await clerk.post("/warehouse/scan", {"code": "1Z-UNKNOWN"})
    shown = await clerk.get(answer.headers["location"])
    assert "Unknown code" in text_of(shown)

    fields = hidden(shown, "/warehouse/unannounced") | {"note": "blue box, no slip"}
    page = await clerk.follow(await clerk.post("/warehouse/unannounced", fields))

    assert "Kept as extra" in page
    assert await dock.differences() == {"goods_unannounced": 1}


async def test_several_returns_are_offered(clerk: Clerk, dock: Dock) -> None:
    numbers = [await clerk.number(await dock.a_return()) for _ in range(2)]

    page = await clerk.follow(await clerk.post("/warehouse/scan", {"code": "#1001"}))

    assert "Which return?" in page
    assert all(number in page for number in numbers)


async def test_an_empty_scan_is_explained(clerk: Clerk) -> None:
    answer = await clerk.post("/warehouse/scan", {"code": " "})

    assert answer.status_code == 422
    assert "Nothing scanned" in text_of(answer)


async def test_a_strange_article_is_added_as_extra_and_taken_back(clerk: Clerk, dock: Dock) -> None:
    rma_id = await dock.a_return()
    number = await clerk.number(rma_id)
    answer = await clerk.post("/warehouse/scan", {"code": "4006381333931", "within": number})
    shown = await clerk.get(answer.headers["location"])
    assert "Not part of this return. Put it aside, or add as extra." in text_of(shown)

    fields = hidden(shown, f"/warehouse/returns/{number}/observe")
    page = await clerk.follow(await clerk.post(f"/warehouse/returns/{number}/observe", fields))

    assert "Kept as extra" in page
    assert "1 × Not on this return 4006381333931" in page
    assert await dock.differences() == {"goods_not_on_return": 1}
    home = await clerk.get("/warehouse")
    undo = home.text.split("/undo")[0].rpartition("/scans/")[2]
    page = await clerk.follow(await clerk.post(f"/warehouse/scans/{undo}/undo", {}))
    assert "Taken back" in page
    assert await dock.differences() == {}


async def test_goods_of_an_undecided_return_are_kept(clerk: Clerk, dock: Dock) -> None:
    rma_id = await dock.a_return(approved=False)
    number = await clerk.number(rma_id)
    page = await clerk.get(f"/warehouse/returns/{number}")
    assert "Not decided yet" in text_of(page)

    fields = hidden(page, f"/warehouse/returns/{number}/observe")
    page_after = await clerk.follow(await clerk.post(f"/warehouse/returns/{number}/observe", fields))

    assert "1 × Not approved" in page_after
    assert await dock.here(rma_id) == 0
    assert await dock.differences() == {"goods_not_expected": 1}


async def test_the_same_form_twice_counts_once(clerk: Clerk, dock: Dock) -> None:
    rma_id = await dock.a_return(3)
    number = await clerk.number(rma_id)
    page = await clerk.get(f"/warehouse/returns/{number}")
    fields = hidden(page, f"/warehouse/returns/{number}/receive")

    first = await clerk.post(f"/warehouse/returns/{number}/receive", fields)
    again = await clerk.post(f"/warehouse/returns/{number}/receive", fields)

    assert (first.status_code, again.status_code) == (303, 303)
    assert await dock.here(rma_id) == 1


async def test_whoever_is_slower_sees_how_it_is_now(clerk: Clerk, dock: Dock) -> None:
    rma_id = await dock.a_return(3)
    number = await clerk.number(rma_id)
    page = await clerk.get(f"/warehouse/returns/{number}")
    fields = hidden(page, f"/warehouse/returns/{number}/receive")
    await dock.arrive(rma_id, 2)

    answer = await clerk.post(f"/warehouse/returns/{number}/receive", fields)

    assert answer.status_code == 409
    shown = text_of(answer)
    assert "Somebody was faster" in shown
    assert "2 of 3 here" in shown
    assert await dock.here(rma_id) == 2


async def test_a_unit_that_somebody_else_judged_is_not_judged_again(clerk: Clerk, dock: Dock) -> None:
    rma_id = await dock.a_return(2)
    number = await clerk.number(rma_id)
    await dock.arrive(rma_id, 2)
    mine = await on_the_bench(clerk, number) | {"grade": "damaged", "do": "save", "location": "A-1"}
    other = await a_clerk(clerk.http, dock, Role.AGENT)
    theirs = await on_the_bench(other, number) | {"grade": "sealed", "do": "save", "location": "A-1"}
    await other.follow(await other.post(f"/warehouse/returns/{number}/inspect", theirs))

    answer = await clerk.post(f"/warehouse/returns/{number}/inspect", mine)

    assert answer.status_code == 409
    assert "This unit was inspected meanwhile." in text_of(answer)
    assert [i.grade for i in (await dock.line(rma_id)).inspections] == [Grade.SEALED]


async def test_a_verdict_without_a_grade_keeps_what_was_typed(clerk: Clerk, dock: Dock) -> None:
    rma_id = await dock.a_return()
    number = await clerk.number(rma_id)
    await dock.arrive(rma_id)

    fields = await on_the_bench(clerk, number) | {"note": "smells of smoke", "disposition": "refurbish", "do": "save"}
    answer = await clerk.post(f"/warehouse/returns/{number}/inspect", fields)

    assert answer.status_code == 422
    assert "Choose the condition" in text_of(answer)
    assert "smells of smoke" in answer.text
    assert '<option value="refurbish" selected>' in answer.text
    assert "<title>Error: Inspect" in answer.text
    assert (await dock.line(rma_id)).inspections == ()


async def test_another_verdict_than_the_suggested_is_taken(clerk: Clerk, dock: Dock) -> None:
    rma_id = await dock.a_return()
    number = await clerk.number(rma_id)
    await dock.arrive(rma_id)

    fields = await on_the_bench(clerk, number) | {"grade": "opened", "disposition": "return_to_customer", "do": "save"}
    await clerk.follow(await clerk.post(f"/warehouse/returns/{number}/inspect", fields))

    (verdict,) = (await dock.line(rma_id)).inspections
    assert (verdict.disposition.value, verdict.accepted) == ("return_to_customer", False)


async def test_a_return_without_waiting_units_has_no_bench(clerk: Clerk, dock: Dock) -> None:
    number = await clerk.number(await dock.a_return())

    answer = await clerk.get(f"/warehouse/returns/{number}/inspect")

    assert (answer.status_code, answer.headers["location"]) == (303, f"/warehouse/returns/{number}")


async def test_a_kept_scan_is_answered_in_figures_and_once(clerk: Clerk, dock: Dock) -> None:
    rma_id = await dock.a_return(2)
    number = await clerk.number(rma_id)
    asked = {"code": SKU, "within": number, "nonce": "kept-on-device-1", "at": MORNING.isoformat()}
    as_script = {"Accept": "application/json"}

    first = await clerk.post("/warehouse/scan", asked, headers=as_script)
    again = await clerk.post("/warehouse/scan", asked, headers=as_script)
    other = await clerk.post("/warehouse/scan", {"code": ""}, headers=as_script)

    assert first.status_code == again.status_code == 200
    assert first.json()["tone"] == "ok"
    assert first.json()["href"].startswith(f"/warehouse/returns/{number}?scan=")
    assert (other.status_code, other.json()["tone"]) == (422, "bad")
    assert await dock.here(rma_id) == 1
    (row,) = await dock.fetch("SELECT at FROM dock_scan")
    assert row["at"] == MORNING


async def test_the_dock_shows_neither_amounts_nor_who_the_shopper_is(clerk: Clerk, dock: Dock) -> None:
    rma_id = await dock.a_return(2)
    number = await clerk.number(rma_id)
    await dock.arrive(rma_id)

    for path in ("/warehouse", f"/warehouse/returns/{number}", f"/warehouse/returns/{number}/inspect"):
        shown = (await clerk.get(path)).text
        assert "€" not in shown
        assert "EUR" not in shown
        assert "canary" not in shown.casefold()


async def test_the_pages_speak_german(clerk: Clerk, dock: Dock) -> None:
    number = await clerk.number(await dock.a_return(2))

    page = await clerk.get(f"/warehouse/returns/{number}", **{"Accept-Language": "de"})

    assert "0 von 2 da" in text_of(page)


async def test_a_cancelled_return_says_that_nothing_is_awaited(clerk: Clerk, dock: Dock) -> None:
    rma_id = await dock.a_return()
    async with dock.database.tx(dock.tenant_id) as db:
        await rma.cancel(db, rma_id=rma_id, actor="agent", now=MORNING)

    page = text_of(await clerk.get(f"/warehouse/returns/{await clerk.number(rma_id)}"))

    assert "Cancelled" in page
    assert "It is here" not in page
