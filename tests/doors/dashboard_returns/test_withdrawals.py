"""Withdrawals as staff see them: what was stated, which order fits, the return that is opened, the reason that closes."""

from functools import partial
from typing import Any
from uuid import UUID

import pytest

from retour.core.withdrawal import Statement, WithdrawalState
from retour.flows import order as orders
from retour.flows import rma
from retour.flows import withdrawal as flow
from retour.store import withdrawal as withdrawals
from retour.store.ids import new_id
from retour.store.order import OrderRecord
from retour.store.policy import PolicyCache
from retour.store.vault import Vault
from retour.store.withdrawal import Withdrawal
from tests.doors.dashboard_returns.clerk import Clerk
from tests.doors.dashboard_returns.scene import Scene
from tests.stories.house import now

pytestmark = pytest.mark.anyio

LIST = "/dashboard/withdrawals"
REKEY = "UPDATE person SET sealed_key = $2 WHERE id = $1"


async def _read(*_: Any, **__: Any) -> None:
    return None


async def a_statement(scene: Scene, vault: Vault, order: OrderRecord, *, goods: str = "", contact: str) -> UUID:
    """Let somebody withdraw from an order, and the worker look for it."""
    # The shop's own keys are not those of the server with the desk.
    key = vault.new_person_key(tenant_id=scene.house.tenant, person_id=order.person_id)
    async with scene.house.web.tx(scene.house.tenant) as db:
        await db.execute(REKEY, order.person_id, key)
    place = flow.Place(scene.house.tenant, order.store_id, "Europe/Berlin", "portal", "shopper")
    id_, policies = new_id(), PolicyCache()
    async with scene.house.web.tx(scene.house.tenant) as db:
        await flow.state(
            db, vault, place, id=id_, said=Statement("Mara Lindqvist", order.order.name, contact, goods), language="en",
            now=now(),
        )  # fmt: skip
    matcher = flow.Matcher(
        scene.house.web, vault, policies, _read, orders.mirror, partial(rma.open_withdrawal, policies=policies), now
    )
    await flow.match(matcher, tenant_id=scene.house.tenant, withdrawal_id=id_)
    return id_


async def standing(scene: Scene, vault: Vault, id_: UUID) -> Withdrawal:
    async with scene.house.web.tx(scene.house.tenant) as db:
        found = await withdrawals.get(db, vault, id_, tenant_id=scene.house.tenant)
    assert found is not None
    return found


async def test_one_that_names_a_part_is_read_and_its_units_are_chosen(scene: Scene, vault: Vault, ben: Clerk) -> None:
    order = await scene.order(name="Mara Lindqvist")
    id_ = await a_statement(scene, vault, order, goods="one <b>mug</b> set", contact="mara@example.com")

    listed, page = await ben.get(LIST), await ben.get(f"{LIST}/{id_}")
    assert "Only a part is withdrawn from" in listed.words
    assert "Withdrawals 1" in listed.words
    assert "one <b>mug</b> set" in page.words
    assert "In time Yes" in page.words
    assert "number, e-mail, name" in page.words

    queues = await ben.get("/dashboard/queues?code=withdrawal_waiting")
    assert "Only a part is withdrawn from" in queues.words
    assert "money back by" in queues.words
    assert f"{LIST}/{id_}" in queues.text

    path = f"{LIST}/{id_}/open?order={order.id}"
    wrong = await ben.send(path, to=f"{LIST}/{id_}/open", **{"quantity-0": "9"})
    assert (wrong.status, "enter 0 to 2" in wrong.words) == (422, True)
    done = await ben.send(path, to=f"{LIST}/{id_}/open", **{"quantity-0": "1"})

    assert done.status == 303, done.words
    found = await standing(scene, vault, id_)
    assert (found.state, done.headers["location"]) == (
        WithdrawalState.MATCHED, f"/dashboard/returns/R-{found.number}",
    )  # fmt: skip
    assert found.decided_by == scene.actor(ben.role)
    assert "Return opened" in (await ben.get(f"{LIST}?state=done")).words
    assert f"Open the return R-{found.number}" in (await ben.get(f"{LIST}/{id_}")).words


async def test_another_contact_needs_a_reason_before_the_return_is_opened(
    scene: Scene, vault: Vault, ben: Clerk
) -> None:
    order = await scene.order(name="Mara Lindqvist")
    id_ = await a_statement(scene, vault, order, contact="partner@example.com")
    path, to = f"{LIST}/{id_}/open?order={order.order.name.replace('#', '%23')}", f"{LIST}/{id_}/open"

    refused = await ben.send(path, to=to, **{"quantity-0": "2"})
    assert (refused.status, "Say why, for whoever reads it later." in refused.words) == (422, True)
    assert (await standing(scene, vault, id_)).state is WithdrawalState.WAITING

    done = await ben.send(path, to=to, **{"quantity-0": "2", "reason": "Called: it is the partner"})
    assert done.status == 303
    page = await ben.get(f"{LIST}/{id_}")
    assert "Ben Okafor wrote: “ Called: it is the partner ”" in page.words


async def test_closing_needs_a_reason_and_the_acknowledgement_can_be_sent_again(
    scene: Scene, vault: Vault, ben: Clerk, jonas: Clerk
) -> None:
    order = await scene.order(name="Mara Lindqvist")
    id_ = await a_statement(scene, vault, order, contact="nobody@example.com")
    path = f"{LIST}/{id_}"
    assert (await jonas.get(path)).status == 403

    assert (await ben.send(path, to=f"{path}/acknowledge")).status == 303
    empty = await ben.send(path, to=f"{path}/close", reason=" ")
    assert (empty.status, (await standing(scene, vault, id_)).state) == (422, WithdrawalState.WAITING)
    closed = await ben.send(path, to=f"{path}/close", reason="You ordered from another shop.")

    assert closed.status == 303
    page = await ben.get(path)
    assert "Closed with a reason" in page.words
    assert page.words.count("Acknowledgement: on its way") == 2
    assert "Answer: on its way" in page.words


async def test_what_does_not_exist_is_a_page_that_says_so(ben: Clerk) -> None:
    assert (await ben.get(f"{LIST}/{new_id()}")).status == 404
    assert (await ben.get(f"{LIST}/x")).status == 404


async def test_the_list_of_returns_is_narrowed_by_kind_and_the_return_names_its_withdrawal(
    scene: Scene, vault: Vault, ben: Clerk
) -> None:
    order = await scene.order(name="Mara Lindqvist")
    id_ = await a_statement(scene, vault, order, contact="mara@example.com")
    found = await standing(scene, vault, id_)
    assert found.state is WithdrawalState.MATCHED

    listed = await ben.get("/dashboard/returns?view=all&kind=withdrawal")
    none = await ben.get("/dashboard/returns?view=all&kind=claim")
    page = await ben.get(f"/dashboard/returns/R-{found.number}")

    assert f"R-{found.number}" in listed.words
    assert listed.words.count("R-1") == 1
    assert "Nothing fits these filters" in none.words
    assert f'href="{LIST}/{id_}"' in page.text
