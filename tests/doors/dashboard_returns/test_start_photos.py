"""Staff attach photos to a return that they start: made anew, kept with it, wanted ones counted, bad ones refused."""

import html
import re
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from retour.core.policy.document import Rule
from retour.core.policy.outcome import Outcomes, Requirements
from retour.core.policy.template import template
from retour.core.why import Ask, AskKind
from retour.flows import policy
from retour.store import why
from retour.store.order import OrderRecord
from retour.store.vault import Vault
from tests.core.test_attachment import a_video
from tests.doors.dashboard_returns.clerk import Clerk, Page
from tests.doors.dashboard_returns.scene import Scene
from tests.doors.dashboard_returns.test_withdrawals import REKEY
from tests.flows.photo.test_encoding import SECRET, a_picture, turned
from tests.stories.house import now

pytestmark = pytest.mark.anyio

CHOSEN: dict[str, Any] = {"line": "0", "quantity-0": "1", "reason-0": "damaged", "resolution": "refund_original"}
KEPT = """
SELECT f.media, f.kind, f.line_ref, f.actor, f.rma_id IS NOT NULL AS is_given, l.reason
  FROM photo f LEFT JOIN return_line l ON l.tenant_id = f.tenant_id AND l.id = f.return_line_id
 WHERE f.order_id = $1 ORDER BY f.at, f.id
"""
NOTED: dict[str, Any] = {"note-0": "torn at the seam"}


def photo(raw: bytes, *, n: int = 0, name: str = "seam.jpg") -> tuple[str, tuple[str, bytes, str]]:
    return (f"photo-{n}", (name, raw, "image/jpeg"))


def form_of(page: Page) -> dict[str, list[str]]:
    """Return the hidden fields of a page, as often as they stand there."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', page.text):
        found.setdefault(name, []).append(html.unescape(value))
    return found


def path(order: OrderRecord) -> str:
    return f"/dashboard/orders/{order.id}/return"


async def send(clerk: Clerk, order: OrderRecord, *files: Any, on: Any = None, **fields: Any) -> Page:
    """Send the form with files as a browser without script does; from the page it stands on, else from a fresh one."""
    page = on or await clerk.get(f"{path(order)}?kind=claim")
    return await clerk.upload(path(order), {**form_of(page), **({} if on else CHOSEN), **fields}, list(files))


async def an_order(scene: Scene, vault: Vault) -> OrderRecord:
    order = await scene.order(name="Ida Sand")
    key = vault.new_person_key(tenant_id=scene.house.tenant, person_id=order.person_id)
    async with scene.house.web.tx(scene.house.tenant) as db:
        await db.execute(REKEY, order.person_id, key)
    return order


async def rows(scene: Scene, sql: str, *args: Any) -> list[Any]:
    async with scene.house.web.tx(scene.house.tenant) as db:
        return list(await db.fetch(sql, *args))


async def returns_of(scene: Scene, order: OrderRecord) -> list[tuple[str, str]]:
    found = await rows(scene, "SELECT status, blocked_code FROM rma WHERE order_id = $1", order.id)
    return [(one["status"], one["blocked_code"]) for one in found]


async def wanting(scene: Scene, order: OrderRecord, wanted: int) -> None:
    """Publish a policy that approves by itself and wants so many photos of each line."""
    document = template(automatic=True)
    wants = Rule("photos", "Photos", Outcomes(requirements=Requirements(photos=wanted)))
    async with scene.house.web.tx(scene.house.tenant) as db:
        document = replace(document, rules=(wants, *document.rules))
        await policy.publish(db, store_id=order.store_id, document=document, actor="cli", now=now())


async def test_photos_are_made_anew_and_kept_with_the_line_of_the_return(
    scene: Scene, ben: Clerk, vault: Vault
) -> None:
    order = await an_order(scene, vault)
    await wanting(scene, order, 2)

    check = await send(ben, order, photo(turned(6)), photo(a_video(), name="seam.mp4"))
    assert check.status == 200, check.words
    ids = form_of(check)["sent-0"]
    assert [check.text.count(f'"/photos/{one}.{end}"') for one, end in zip(ids, ("webp", "mp4"), strict=True)] == [2, 1]
    assert "The policy approves it at once." in check.words
    done = await send(ben, order, on=check)

    assert done.status == 303, done.words
    line = order.order.lines[0].ref
    assert [tuple(one.values()) for one in await rows(scene, KEPT, order.id)] == [
        (media, "shopper", line, ben_is(scene), True, "damaged") for media in ("image/webp", "video/mp4")
    ]
    sealed = (await rows(scene, "SELECT sealed FROM photo WHERE order_id = $1", order.id))[0]["sealed"]
    assert SECRET not in sealed
    shown = await ben.get(done.headers["location"])
    assert f'/photos/{ids[0]}.webp"' in shown.text
    told = await rows(scene, "SELECT e.data FROM event e WHERE e.type = 'return.requested' AND e.data ? 'photos'")
    assert [one["data"]["photos"] for one in told] == [2]


def ben_is(scene: Scene) -> str:
    return next(scene.actor(role) for role in scene.staff if role.value == "agent")


async def test_what_is_wanted_is_asked_for_at_the_check_and_counts_as_answered(
    scene: Scene, ben: Clerk, vault: Vault
) -> None:
    order = await an_order(scene, vault)
    await wanting(scene, order, 1)

    check = await send(ben, order)
    assert ("It then waits for a decision." in check.words, "The shop needs 1 photo." in check.words) == (True, True)
    added = await send(ben, order, photo(a_picture()), on=check, do="add")
    assert (added.status, "The policy approves it at once." in added.words) == (200, True)
    assert await returns_of(scene, order) == []
    done = await send(ben, order, on=added)

    assert done.status == 303, done.words
    assert [status for status, _ in await returns_of(scene, order)] == ["approved"]


async def test_without_what_is_wanted_a_person_looks_at_it(scene: Scene, ben: Clerk, vault: Vault) -> None:
    order = await an_order(scene, vault)
    await wanting(scene, order, 1)

    done = await send(ben, order, on=await send(ben, order))

    assert done.status == 303, done.words
    assert await returns_of(scene, order) == [("requested", "decision_needed")]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"<svg onload=alert(1)>", "This is no photo or video."),
        (b"\xff\xd8\xff" + b"x" * 100, "The photo cannot be read."),
        (b"\xff\xd8\xff" + b"x" * 10 * 1024 * 1024, "The photo is too large (limit 10 MB)."),
    ],
    ids=["svg", "broken", "heavy"],
)
async def test_what_is_no_photo_is_refused_at_its_field_and_nothing_else_is_lost(
    scene: Scene, ben: Clerk, vault: Vault, raw: bytes, said: str
) -> None:
    order = await an_order(scene, vault)

    page = await send(ben, order, photo(a_picture()), photo(raw, name="seam.tiff"), **NOTED)

    assert page.status == 422
    assert f"seam.tiff: {said} Everything else is kept." in page.words
    assert 'id="photo-0-error"' in page.text
    assert 'value="torn at the seam"' in page.text
    assert len(form_of(page)["sent-0"]) == 1
    assert await returns_of(scene, order) == []
    assert [one["is_given"] for one in await rows(scene, KEPT, order.id)] == [False]


async def test_a_bad_file_at_the_check_opens_nothing_until_it_is_chosen_again(
    scene: Scene, ben: Clerk, vault: Vault
) -> None:
    order = await an_order(scene, vault)
    check = await send(ben, order, photo(a_picture()))

    refused = await send(ben, order, photo(b"GIF89a", name="seam.gif"), on=check)

    assert (refused.status, "seam.gif: This is no photo or video." in refused.words) == (422, True)
    assert await returns_of(scene, order) == []
    done = await send(ben, order, on=refused)
    assert done.status == 303, done.words
    assert [one["is_given"] for one in await rows(scene, KEPT, order.id)] == [True]


async def test_a_photo_is_taken_back_and_forgotten(scene: Scene, ben: Clerk, vault: Vault) -> None:
    order = await an_order(scene, vault)
    page = await send(ben, order, photo(a_picture()), do="add")
    (photo_id,) = form_of(page)["sent-0"]

    after = await send(ben, order, on=page, remove=photo_id, **CHOSEN)

    assert (after.status, form_of(after).get("sent-0")) == (200, None)
    assert await rows(scene, KEPT, order.id) == []


async def test_a_colleague_and_a_kind_that_takes_none_change_nothing_of_what_is_kept(
    scene: Scene, ben: Clerk, ana: Clerk, vault: Vault
) -> None:
    order = await an_order(scene, vault)
    (photo_id,) = form_of(await send(ben, order, photo(a_picture()), do="add"))["sent-0"]

    await send(ana, order, remove=photo_id)
    cancelled = await send(ben, order, photo(a_picture(size=(61, 40))), kind="cancellation", do="add")

    assert "sent-0" not in form_of(cancelled)
    assert [one["actor"] for one in await rows(scene, KEPT, order.id)] == [ben_is(scene)]


async def test_a_photo_of_another_order_or_visit_or_of_nobody_is_never_taken(
    scene: Scene, ben: Clerk, vault: Vault
) -> None:
    order, other = await an_order(scene, vault), await an_order(scene, vault)
    (theirs,) = form_of(await send(ben, other, photo(a_picture()), do="add"))["sent-0"]

    for named in (theirs, str(uuid4())):
        forged: dict[str, Any] = {"sent-0": named}
        page = await send(ben, order, **forged)
        assert (page.status, "A photo is not kept any more. Choose it again" in page.words) == (422, True)
        gone = await send(ben, order, remove=theirs)
        assert gone.status == 200

    assert await returns_of(scene, order) == []
    assert [one["is_given"] for one in await rows(scene, KEPT, other.id)] == [False]


async def test_a_form_that_is_sent_twice_opens_one_return(scene: Scene, ben: Clerk, vault: Vault) -> None:
    order = await an_order(scene, vault)
    check = await send(ben, order, photo(a_picture()))

    first, again = await send(ben, order, on=check), await send(ben, order, on=check)

    assert (first.status, again.status) == (303, 303)
    assert first.headers["location"] == again.headers["location"]
    assert len(await returns_of(scene, order)) == 1


async def test_photos_of_an_item_that_is_not_chosen_and_too_many_at_once_are_said(
    scene: Scene, ben: Clerk, vault: Vault
) -> None:
    order = await an_order(scene, vault)

    unchosen = await send(ben, order, photo(a_picture()), line="")
    assert "It has photos: choose it too, or remove them" in unchosen.words
    many = await send(ben, order, *(photo(a_picture(size=(60 + n, 40))) for n in range(6)))
    assert "Choose 5 files at once at most. None of them is kept" in many.words

    assert (unchosen.status, many.status) == (422, 422)
    assert len(await rows(scene, KEPT, order.id)) == 1
    assert await returns_of(scene, order) == []


async def test_the_warehouse_starts_nothing_and_sends_no_photo(scene: Scene, jonas: Clerk, vault: Vault) -> None:
    order = await an_order(scene, vault)

    refused = await jonas.upload(path(order), CHOSEN, [photo(a_picture())])

    assert refused.status == 403
    assert await rows(scene, KEPT, order.id) == []


async def test_what_a_reason_wants_shown_is_asked_in_the_merchants_words_and_answered_by_a_photo(
    scene: Scene, ben: Clerk, vault: Vault
) -> None:
    order = await an_order(scene, vault)
    await wanting(scene, order, 0)
    asks = Ask("tear", AskKind.PHOTO, {"en": "Show where it is torn"})
    async with scene.house.web.tx(scene.house.tenant) as db:
        found = await why.of_store(db, order.store_id)
        damaged = next(one for one in found if one.code == "damaged")
        await why.save(db, replace(damaged, questions=(asks,)), at=now())

    check = await send(ben, order)
    assert "Show where it is torn The shop needs 1 photo." in check.words
    assert "It then waits for a decision." in check.words
    done = await send(ben, order, photo(a_picture()), on=check)

    assert done.status == 303, done.words
    assert [status for status, _ in await returns_of(scene, order)] == ["approved"]
