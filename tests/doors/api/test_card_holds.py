"""Held cards over the API: told, captured or released by hand with a reason; providers connected without telling keys."""

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from retour.core.account import Role
from retour.flows import account as accounts
from retour.store.db import Database
from tests.doors.api.conftest import Merchant, code_of
from tests.stories.house import House, a_house, now
from tests.stories.test_instant_exchange import TEE, cards, held, hold, opened

pytestmark = pytest.mark.anyio


@pytest.fixture
async def at_once(database: Database, executor_database: Database, owner: Any, tmp_path: Path) -> Any:
    """A return whose new article is out against a held card: (merchant, house, return id)."""
    async with a_house(database, executor_database, owner, tmp_path / "keys") as house:
        await opened(house)
        _, rma_id = await held(house)
        async with database.tx(house.tenant) as db:
            keys = {
                role: (await accounts.create_key(db, name=role.value, role=role, actor="cli", now=now())).text
                for role in Role
            }
        yield Merchant(house.tenant, {"acme": house.store}, keys), house, rma_id


async def post(
    http: httpx2.AsyncClient, merchant: Merchant, path: str, body: Any, role: Role = Role.AGENT, shop: str | None = None
) -> httpx2.Response:
    headers = merchant.headers(role, shop=shop, idempotency_key=str(uuid4()))
    return await http.post(path, json=body, headers=headers)


async def test_a_held_card_is_told_and_captured_by_hand_with_a_reason(
    http: httpx2.AsyncClient, at_once: tuple[Merchant, House, UUID]
) -> None:
    merchant, house, rma_id = at_once
    path = f"/returns/{rma_id}/card-hold"
    (told,) = (await http.get(f"{path}s", headers=merchant.headers(Role.AGENT, shop=None))).json()["items"]
    assert (told["state"], told["amount_minor"], told["currency"], told["owes"]) == ("authorised", TEE, "EUR", None)
    assert told["held_until"] > told["since"]
    assert "intent_ref" not in told

    wish = {"decide": "capture", "amount_minor": 500, "reason": "agreed by phone"}
    clerk = await post(http, merchant, path, wish, Role.WAREHOUSE)
    more = await post(http, merchant, path, wish | {"amount_minor": TEE + 1})
    mute = await post(http, merchant, path, wish | {"reason": "  "})
    assert (code_of(clerk), code_of(more), code_of(mute)) == (
        (403, "forbidden"), (422, "out_of_range"), (422, "invalid_text"),
    )  # fmt: skip
    assert (await cards(house))[1] == 0
    done = await post(http, merchant, path, wish)
    again = await post(http, merchant, path, wish)
    await house.settle_down()
    await house.later()

    assert (done.status_code, code_of(again)) == (200, (409, "move_not_allowed"))
    assert ((await hold(house, rma_id)).captured_minor, (await cards(house))[:2]) == (500, (0, 500))


async def test_a_return_without_a_card_has_none_to_decide_about(
    http: httpx2.AsyncClient, at_once: tuple[Merchant, House, UUID]
) -> None:
    merchant, house, _ = at_once
    other = await house.ask(await house.an_order(), {0: 1})

    listed = await http.get(f"/returns/{other}/card-holds", headers=merchant.headers(Role.AGENT, shop=None))
    no = await post(http, merchant, f"/returns/{other}/card-hold", {"decide": "release", "reason": "x"})
    gone = await post(http, merchant, f"/returns/{uuid4()}/card-hold", {"decide": "release", "reason": "x"})

    assert listed.json() == {"items": []}
    assert (code_of(no), code_of(gone)) == ((404, "card_hold_not_found"), (404, "return_not_found"))


async def test_a_provider_is_connected_once_given_new_keys_and_not_removed_while_a_card_is_held(
    http: httpx2.AsyncClient, at_once: tuple[Merchant, House, UUID]
) -> None:
    merchant, house, rma_id = at_once
    wish = {"name": "Stripe", "key": "sk_live_0123456789", "signing_secret": "whsec_0123456789"}
    listed = await http.get("/card-providers", headers=merchant.headers(Role.AGENT, shop=None))
    (known,) = listed.json()["items"]
    assert (known["state"], known["path"]) == ("connected", f"/hooks/stripe/{known['id']}")

    agent = await post(http, merchant, "/card-providers", wish, shop="acme")
    twice = await post(http, merchant, "/card-providers", wish, Role.OWNER, shop="acme")
    held_still = await post(http, merchant, f"/card-providers/{known['id']}/remove", {}, Role.OWNER)
    strange = await post(http, merchant, f"/card-providers/{uuid4()}/keys", {"key": "sk_live_0123456789"}, Role.OWNER)
    keys = await post(http, merchant, f"/card-providers/{known['id']}/keys", wish | {"name": "x"}, Role.OWNER)
    anew = {"key": "sk_live_987654321", "signing_secret": "whsec_0123456789"}
    done = await post(http, merchant, f"/card-providers/{known['id']}/keys", anew, Role.OWNER)

    assert code_of(agent) == (403, "forbidden")
    assert code_of(twice) == (409, "already_exists")
    assert code_of(held_still) == (409, "card_hold_open")
    assert code_of(strange) == (404, "card_provider_not_found")
    assert keys.status_code == 422
    assert "sk_live" not in done.text
    await post(http, merchant, f"/returns/{rma_id}/card-hold", {"decide": "release", "reason": "let be"})
    await house.settle_down()
    await house.later()
    removed = await post(http, merchant, f"/card-providers/{known['id']}/remove", {}, Role.OWNER)
    assert removed.json() == {"items": []}
    added = await post(http, merchant, "/card-providers", wish | {"key": "bad key\u00e9"}, Role.OWNER, shop="acme")
    assert code_of(added) == (422, "invalid_card_key")
    added = await post(http, merchant, "/card-providers", wish | {"name": "Stripe EU"}, Role.OWNER, shop="acme")
    assert (added.status_code, added.json()["name"]) == (201, "Stripe EU")
