"""What a person reads of a difference, and how a shopper without a mailbox is let in."""

import base64
import re
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from retour.core import link as links
from retour.core.event import EventType
from retour.doors.dashboard import mismatch_words, words
from retour.flows.visit import typed as sealing
from retour.flows.visit.typed import Typed
from retour.store import discrepancy
from retour.store import look as looks
from retour.store.discrepancy import Owner
from retour.store.vault import Vault
from tests.doors.dashboard_returns.clerk import Clerk
from tests.doors.dashboard_returns.scene import Scene
from tests.stories.house import now

pytestmark = pytest.mark.anyio


async def a_question(scene: Scene, vault: Vault) -> tuple[UUID, UUID]:
    """Let a shopper ask for an order that has no address for a code; return (discrepancy, order)."""
    order = await scene.order(name="Mara Lindqvist")
    tenant_id = scene.house.tenant
    typed = Typed(number=order.order.name, contact="0170 <b>5550123</b>")
    sealed = sealing.seal(vault, typed, tenant_id=tenant_id, purpose=f"asks:{order.id}")
    async with scene.house.web.tx(tenant_id) as db:
        await looks.add_default(db, store_id=order.store_id, shop_name="Fjellhus", at=now())
        await discrepancy.open_(
            db, "shopper_asks", resource_kind="order", resource_id=order.id, store_id=order.store_id, owner=Owner.AGENT,
            next_step="Call the shopper", at=now(), actor="retour",
            details={"typed_sealed": base64.b64encode(sealed).decode()},
        )  # fmt: skip
        id_ = await db.fetchval("SELECT id FROM discrepancy WHERE kind = 'shopper_asks'")
    return id_, order.id


async def test_staff_read_what_a_shopper_typed_and_let_them_in_with_a_signed_link(
    scene: Scene, vault: Vault, ben: Clerk
) -> None:
    id_, order_id = await a_question(scene, vault)
    path = f"/dashboard/exceptions/{id_}"

    page = await ben.get(path)
    made = await ben.send(path, to=f"{path}/link")

    assert "A shopper asks for an order without an e-mail address" in page.words
    assert "Agent: call the shopper and send a link" in page.words
    assert "Contact, as typed 0170 <b>5550123</b>" in page.words
    assert "/link?" not in page.text.replace(f"{path}/link", "")
    assert made.status == 200, made.words
    address = re.search(r"https://shop\.example/returns/[\w-]+/link\?\S+", made.words)
    assert address is not None
    sent = {name: values[0] for name, values in parse_qs(urlsplit(address[0]).query).items()}
    async with scene.house.web.tx(scene.house.tenant) as db:
        store_id = await db.fetchval("SELECT store_id FROM sales_order WHERE id = $1", order_id)
        secret = await looks.link_secret(db, vault, tenant_id=scene.house.tenant, store_id=store_id)
    link = links.read(**sent)
    assert secret is not None
    assert link is not None
    assert link.order == str(order_id)
    assert links.is_good(link, secret, now=now())


async def test_only_a_shoppers_open_question_can_be_answered_with_a_link(
    scene: Scene, vault: Vault, ana: Clerk, jonas: Clerk
) -> None:
    id_, _ = await a_question(scene, vault)
    path = f"/dashboard/exceptions/{id_}"

    assert (await jonas.post(f"{path}/link", {})).status == 403
    token = (await ana.get(path)).value("_csrf")
    assert (await ana.post(f"{path}/resolve", {"_csrf": token})).status == 303
    refused = await ana.post(f"{path}/link", {"_csrf": token})

    assert refused.status == 404
    assert "/link?" not in refused.text


def test_everything_that_happens_to_a_return_has_words() -> None:
    told = {what.value for what in EventType if what.value.partition(".")[0] in ("return", "settlement", "effect")}

    assert told == set(words.HAPPENED)


def test_every_mismatch_that_has_a_name_says_what_to_do_next() -> None:
    assert set(mismatch_words.NEXT_STEPS) == set(mismatch_words.MISMATCHES)


@pytest.mark.parametrize(
    ("kind", "details", "says"),
    [
        ("ended_elsewhere", {"there": "closed", "here": "in_review"}, ["closed", "In review"]),
        ("known_as_another", {"there": "EXT-7", "here": "R-10023"}, ["EXT-7", "R-10023"]),
    ],
)
async def test_a_difference_with_another_system_tells_both_sides(
    scene: Scene, ben: Clerk, kind: str, details: dict[str, object], says: list[str]
) -> None:
    order = await scene.order(name="Mara Lindqvist")
    async with scene.house.web.tx(scene.house.tenant) as db:
        id_ = await discrepancy.open_(
            db, kind, resource_kind="order", resource_id=order.id, store_id=order.store_id, owner=Owner.OPERATOR,
            next_step="Compare both", at=now(), details=details,
        )  # fmt: skip

    page = await ben.get(f"/dashboard/exceptions/{id_}")

    assert f"In the other system {says[0]} In Retour {says[1]}" in page.words
