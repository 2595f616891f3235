"""The counter: a return is found by code or order, each unit is judged, and one confirmation takes it in once."""

import re
from typing import Any

import pytest

from retour.core.account import Role
from retour.core.rma import Grade, count
from retour.flows import rma
from tests.doors.warehouse.clerk import Clerk, a_clerk, hidden, text_of
from tests.flows.receiving.a_dock import MORNING, Dock

pytestmark = pytest.mark.anyio


async def at_counter(clerk: Clerk, number: str) -> tuple[dict[str, str], list[str]]:
    """Return the hidden fields of the counter's form and the names of its units."""
    page = await clerk.get(f"/warehouse/counter/{number}")
    fields = hidden(page, f"/warehouse/counter/{number}")
    return {k: v for k, v in fields.items() if k not in ("nonce", "_csrf")}, re.findall(
        r'<select[^>]* name="(unit-[^"]+)"', page.text
    )


async def test_what_is_brought_is_judged_unit_by_unit_and_taken_in_once(clerk: Clerk, dock: Dock) -> None:
    rma_id = await dock.a_return(3)
    number = await clerk.number(rma_id)
    found = await clerk.get(f"/warehouse/counter?code={number}")
    assert (found.status_code, found.headers["location"]) == (303, f"/warehouse/counter/{number}")

    fields, units = await at_counter(clerk, number)
    assert len(units) == 3
    sent = {**fields, units[0]: "sealed", units[1]: "damaged", "location": "A-1", "nonce": "counter-nonce"}
    page = await clerk.follow(await clerk.post(f"/warehouse/counter/{number}", sent))
    again = await clerk.follow(await clerk.post(f"/warehouse/counter/{number}", sent))

    assert "Taken in" in page
    assert "Taken in" in again
    line = await dock.line(rma_id)
    assert [(i.grade, i.location_ref) for i in line.inspections] == [(Grade.SEALED, "A-1"), (Grade.DAMAGED, "A-1")]
    assert count(line.received) == 2
    assert len((await at_counter(clerk, number))[1]) == 1


async def test_an_order_leads_to_its_return_or_to_a_choice(clerk: Clerk, dock: Dock) -> None:
    first = await clerk.number(await dock.a_return())
    only = await clerk.get("/warehouse/counter?code=%231001")
    assert only.headers["location"] == f"/warehouse/counter/{first}"
    second = await clerk.number(await dock.a_return())

    several = text_of(await clerk.get("/warehouse/counter?code=%231001"))

    assert first in several
    assert second in several
    assert "No return has this code or order." in text_of(await clerk.get("/warehouse/counter?code=%239999"))
    empty = text_of(await clerk.get("/warehouse/counter?code="))
    assert "Which return?" not in empty
    assert "No return has this code or order." not in empty


async def test_nothing_chosen_takes_nothing_in(clerk: Clerk, dock: Dock) -> None:
    rma_id = await dock.a_return()
    number = await clerk.number(rma_id)
    fields, _ = await at_counter(clerk, number)

    answer = await clerk.post(f"/warehouse/counter/{number}", fields)

    assert answer.status_code == 422
    assert "Say what is here" in text_of(answer)
    assert (await dock.line(rma_id)).inspections == ()


async def test_somebody_who_was_faster_is_told_and_counted_once(clerk: Clerk, dock: Dock) -> None:
    rma_id = await dock.a_return(2)
    number = await clerk.number(rma_id)
    fields, units = await at_counter(clerk, number)
    await dock.arrive(rma_id)

    answer = await clerk.post(f"/warehouse/counter/{number}", {**fields, units[0]: "sealed", "location": "A-1"})

    assert answer.status_code == 409
    assert "Somebody was faster" in text_of(answer)
    assert (await dock.line(rma_id)).inspections == ()


async def test_what_nobody_approved_is_not_taken_in(clerk: Clerk, dock: Dock) -> None:
    rma_id = await dock.a_return(approved=False)
    number = await clerk.number(rma_id)
    page = text_of(await clerk.get(f"/warehouse/counter/{number}"))
    assert "Nothing of it can be taken in now." in page
    line = (await dock.line(rma_id)).id

    answer = await clerk.post(f"/warehouse/counter/{number}", {f"unit-{line}-1": "sealed", "location": "A-1"})

    assert answer.status_code in (409, 422)
    assert "Not approved" in text_of(answer)
    assert await dock.here(rma_id) == 0


async def test_where_no_location_is_known_it_is_asked_for(clerk: Clerk, dock: Dock) -> None:
    rma_id = await dock.a_return()
    number = await clerk.number(rma_id)
    fields, units = await at_counter(clerk, number)

    answer = await clerk.post(f"/warehouse/counter/{number}", {**fields, units[0]: "sealed"})

    assert answer.status_code == 422
    assert "Say where the units go" in text_of(answer)
    assert await dock.here(rma_id) == 0


@pytest.mark.parametrize("role", [Role.OWNER, Role.AGENT, Role.WAREHOUSE])
async def test_everybody_of_the_staff_may_stand_at_the_counter(http: Any, dock: Dock, role: Role) -> None:
    somebody = await a_clerk(http, dock, role)

    assert "Counter" in text_of(await somebody.get("/warehouse/counter"))
    assert (await http.get("/warehouse/counter", headers={"Accept": "text/html"})).status_code == 303
    assert (await somebody.get("/warehouse/counter/R-999999999")).status_code == 404


async def test_a_closed_return_says_so(clerk: Clerk, dock: Dock) -> None:
    rma_id = await dock.a_return()
    async with dock.database.tx(dock.tenant_id) as db:
        await rma.cancel(db, rma_id=rma_id, actor="agent", now=MORNING)

    page = text_of(await clerk.get(f"/warehouse/counter/{await clerk.number(rma_id)}"))

    assert "Nothing of it can be taken in now." in page
    assert "Cancelled" in page
