"""Settings of sources: a system is added with a secret shown once, and taken from no more."""

import pytest

from tests.doors.house import Browser, shown_once

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
