"""Settings of card payments: Stripe is connected with keys that are never shown, given others, and disconnected."""

import pytest

from retour.core.account import Role
from retour.flows import card_provider as flow
from retour.store.db import Database
from tests.doors.dashboard.conftest import add_member
from tests.doors.house import Browser
from tests.flows.session.people import House

pytestmark = pytest.mark.anyio
AT = "/dashboard/settings/cards"
KEY = "sk_live_0123456789"


async def test_stripe_is_connected_given_other_keys_and_disconnected(
    owner: Browser, house: House, database: Database
) -> None:
    page = await owner.get(AT)
    wrong = await owner.send(page, AT, name="Stripe", key="short")
    done = await owner.send(wrong, AT, name="Stripe", key=KEY, signing_secret="")
    async with database.tx(house.tenant_id) as db:
        (known,) = await flow.providers(db)
    odd = await owner.send(done, f"{AT}/{known.id}/keys", key="", signing_secret="short")
    anew = await owner.send(odd, f"{AT}/{known.id}/keys", key="", signing_secret="whsec_0123456789")
    gone = await owner.send(anew, f"{AT}/{known.id}/remove")
    async with database.tx(house.tenant_id) as db:
        left = await flow.providers(db)

    assert "No provider is connected" in page.text
    assert (wrong.status, "Paste it exactly as Stripe shows it" in wrong.text) == (422, True)
    assert "Connected. Policies may now offer the new item at once." in done.text
    assert f"/hooks/stripe/{known.id}" in done.text
    assert KEY not in done.text
    assert (known.sealed_write is not None, known.sealed_webhook_secrets) == (True, None)
    assert (odd.status, "Paste it exactly as Stripe shows it" in odd.text) == (422, True)
    assert "Saved." in anew.text
    assert ("Disconnected." in gone.text, left) == (True, [])


async def test_who_is_no_owner_reads_and_changes_nothing(browser: Browser, house: House, database: Database) -> None:
    await browser.sign_in(await add_member(database, house, Role.AGENT))

    page = await browser.get(AT)
    token = page.form("/sign-out").fields["_csrf"][0]
    refused = await browser.post(AT, {"_csrf": token, "name": "Stripe", "key": KEY})

    assert ("Card payments" in page.text, "Only an owner of the account can change this." in page.text) == (True, True)
    assert [form.action for form in page.forms if form.action.startswith(AT)] == []
    assert refused.status == 403
    async with database.tx(house.tenant_id) as db:
        assert await flow.providers(db) == []


async def test_stripe_is_connected_again_under_the_same_name_after_it_was_disconnected(
    owner: Browser, house: House, database: Database
) -> None:
    page = await owner.get(AT)
    done = await owner.send(page, AT, name="Stripe", key=KEY, signing_secret="")
    async with database.tx(house.tenant_id) as db:
        (known,) = await flow.providers(db)
    gone = await owner.send(done, f"{AT}/{known.id}/remove")

    again = await owner.send(gone, AT, name="Stripe", key=KEY, signing_secret="")

    async with database.tx(house.tenant_id) as db:
        (back,) = await flow.providers(db)
    assert "Connected. Policies may now offer the new item at once." in again.text
    assert (back.far_name, back.state) == ("Stripe", "connected")
