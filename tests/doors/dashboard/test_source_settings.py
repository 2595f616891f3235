"""Settings of sources: a system is added with a secret shown once, and taken from no more."""

import html
import json
from datetime import UTC, datetime

import httpx2
import pytest
from standardwebhooks import Webhook

from retour.store import received, webhook
from retour.store.db import Database
from tests.core.intake.papers import a_return
from tests.doors.house import Browser, shown_once
from tests.flows.session.people import House

pytestmark = pytest.mark.anyio
AT = "/dashboard/settings/sources"


async def test_a_source_is_added_with_a_secret_that_is_shown_once(owner: Browser) -> None:
    bare = await owner.send(await owner.get(AT), "", name=" ")
    page = await owner.send(await owner.get(AT), "", name="Shop system", channel="desk")
    twice = await owner.send(await owner.get(AT), "", name="Shop system")
    first = shown_once(page)
    again = await owner.get(AT)
    rotate = next(form.action for form in again.forms if form.action.endswith("/rotate"))
    second = shown_once(await owner.send(again, rotate))
    gone = await owner.send(await owner.get(AT), rotate.removesuffix("rotate") + "remove")

    assert (bare.status, "Enter a name of 1 to 200 characters" in bare.text) == (422, True)
    assert first.startswith("whsec_")
    assert first not in again.answer.text
    assert "/hooks/feed/" in again.text
    assert (twice.status, "This is taken already" in twice.text) == (422, True)
    assert second != first
    assert "/hooks/feed/" not in gone.text


async def test_which_returns_are_pushed_to_a_source_is_said_on_a_page_of_its_own(owner: Browser) -> None:
    await owner.send(await owner.get(AT), "", name="Preferred")
    listed = await owner.get(AT)
    remove = next(form.action for form in listed.forms if form.action.endswith("/remove"))
    at = remove.removesuffix("remove") + "push"
    plain = await owner.send(await owner.get(at), "", url="http://returns.example", kinds=["return"])
    saved = await owner.send(plain, "", url="https://returns.example/in", kinds=["return", "claim"])
    secret = shown_once(saved)
    again = await owner.send(await owner.get(at), "", moment="approved")
    never = await owner.send(await owner.get(at), "", kinds=None)

    assert (plain.status, "Enter an address that begins with https://" in plain.text) == (422, True)
    assert secret.startswith("whsec_")
    assert "Told here: Return, Claim" in saved.text
    assert ("Saved." in again.text, "Told here: Return, Claim" in again.text) == (True, True)
    assert "Told here" not in never.text
    assert (await owner.get(AT.replace("sources", "sources/0/push"))).status == 404


async def test_where_and_how_often_a_source_is_asked_is_said_on_a_page_of_its_own(owner: Browser) -> None:
    await owner.send(await owner.get(AT), "", name="ERP", url="https://erp.example/returns", token="old")
    remove = next(form.action for form in (await owner.get(AT)).forms if form.action.endswith("/remove"))
    at = remove.removesuffix("remove") + "asking"
    never = await owner.send(await owner.get(at), "", minutes="0")
    saved = await owner.send(await owner.get(at), "", url="https://erp.example/v2", minutes="60", token="new")

    assert (never.status, "Enter 1 to 1,440 minutes" in never.text) == (422, True)
    assert "Saved." in saved.text
    assert "Asked every 60 minutes: https://erp.example/v2" in saved.text
    assert (await owner.get(AT.replace("sources", "sources/0/asking"))).status == 404


async def test_what_a_source_has_sent_is_listed_with_what_became_of_it_and_read_by_an_owner(
    owner: Browser, address: str, database: Database, house: House
) -> None:
    secret = shown_once(await owner.send(await owner.get(AT), "", name="Shop system"))
    remove = next(form.action for form in (await owner.get(AT)).forms if form.action.endswith("/remove"))
    source = remove.split("/")[-2]
    at = f"/dashboard/settings/received/{source}"
    empty = await owner.get(at)
    body, now = json.dumps(a_return(items=[])), datetime.now(UTC)
    signed = {
        "webhook-id": "m-1", "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(msg_id="m-1", timestamp=now, data=body),
    }  # fmt: skip
    async with httpx2.AsyncClient(base_url=address) as http:
        refused = await http.post(f"/hooks/feed/{source}", content=body, headers=signed)
    waits = await owner.get(at)
    async with database.tx(house.tenant_id) as db:
        (message,) = await received.list_page(db, store_id=None, limit=2)
        await webhook.done(db, message.id, at=now, problem="invalid_document items", outcome="refused")

    done, nothing = await owner.get(at), await owner.get(f"{at}?state=nothing")
    one = await owner.get(f"{at}/{message.id}")

    assert refused.status_code == 422
    assert ("Nothing was received" in empty.text, "Waits to be worked on" in waits.text) == (True, True)
    assert "Nothing came of it · invalid_document items" in done.text
    assert "EXT-1" in nothing.text
    assert body in html.unescape(one.answer.text)
    assert (await owner.get(f"/dashboard/settings/received/{message.id}")).status == 404
    assert (await owner.get(f"{at}/{source}")).status == 404
