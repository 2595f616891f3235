"""Photos with a request in the portal: sent without script, kept with the draft, private, demanded where they are wanted."""

import io
import re
from dataclasses import replace
from uuid import UUID

import httpx2
import pytest

from retour.core.policy.document import Rule
from retour.core.policy.outcome import Outcomes, Requirements
from retour.core.policy.template import template
from retour.store import photo as photos
from retour.store import views
from tests.core.test_attachment import a_video
from tests.doors.portal.conftest import Counter
from tests.doors.portal.shopper import Page, Shopper, read
from tests.doors.portal.test_drafting import chosen
from tests.flows.photo.test_encoding import SECRET, a_picture, turned

pytestmark = pytest.mark.anyio


async def wanting(counter: Counter, number: int) -> None:
    document = template(automatic=True)
    wants = Rule("photos", "Photos", Outcomes(requirements=Requirements(photos=number)))
    await counter.publish(document=replace(document, rules=(wants, *document.rules)))


async def post(shopper: Shopper, fields: dict[str, str], *files: tuple[str, bytes]) -> httpx2.Response:
    """Send the form of the reasons as a browser does that holds files."""
    form = shopper.page.form("/reasons")
    assert 'enctype="multipart/form-data"' in shopper.page.source
    named = [(name, ("IMG_1.jpg", io.BytesIO(raw), "image/jpeg")) for name, raw in files]
    data = {name: values[0] for name, values in form.fields.items() if values} | fields
    if not named:
        named = [("nothing", ("", io.BytesIO(b""), "application/octet-stream"))]
    return await shopper.http.post(form.action, data=data, files=named)


async def sent(shopper: Shopper, fields: dict[str, str], *files: tuple[str, bytes]) -> Page:
    """Send it and follow where it leads."""
    answer = await post(shopper, fields, *files)
    for _ in range(5):
        if answer.status_code != 303:
            break
        answer = await shopper.http.get(answer.headers["location"])
    shopper.page = read(answer)
    return shopper.page


def shown(page: Page) -> list[str]:
    return re.findall(r'<img src="(/returns/[^"]+/files/[^"]+)"', page.source)


async def test_photos_are_demanded_then_kept_and_the_return_is_approved_by_itself(counter: Counter) -> None:
    await wanting(counter, 2)
    shopper = await counter.let_in()
    key = await chosen(shopper)
    one = await sent(shopper, {f"reason-{key}": "damaged"}, (f"photo-{key}", turned(6)))
    assert one.status == 422
    assert "Add 2 photos of this item" in one.text
    assert len(shown(one)) == 1

    await sent(shopper, {f"reason-{key}": "damaged"}, (f"photo-{key}", a_picture()))
    await shopper.send("/offers", resolution="refund_original")
    await shopper.send("/review")

    (row,) = await counter.do(lambda db: views.returns(db, after_id=UUID(int=0), limit=5))
    assert row["status"] == "approved"
    kept = await counter.do(lambda db: photos.list_of_return(db, row["id"]))
    assert [(one.kind, one.return_line_id is not None, one.media) for one in kept] == [
        ("shopper", True, "image/webp"), ("shopper", True, "image/webp"),
    ]  # fmt: skip


async def test_a_photo_is_added_shown_and_removed_and_what_was_typed_stays(counter: Counter) -> None:
    shopper = await counter.let_in()
    key = await chosen(shopper)

    page = await sent(shopper, {f"note-{key}": "Torn", "do": "add"}, (f"photo-{key}", turned(6)))

    assert page.status == 200
    assert "Torn" in page.source
    (address,) = shown(page)
    answer = await shopper.http.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "no-store" in answer.headers["cache-control"]
    assert SECRET not in answer.content
    photo_id = address.rpartition("/")[2].removesuffix(".webp")
    gone = await sent(shopper, {f"note-{key}": "Torn", "remove": photo_id})
    assert shown(gone) == []
    assert "Torn" in gone.source
    assert (await shopper.http.get(address)).status_code == 404


async def test_nobody_else_sees_or_removes_a_photo(counter: Counter) -> None:
    shopper = await counter.let_in()
    key = await chosen(shopper)
    (address,) = shown(await sent(shopper, {"do": "add"}, (f"photo-{key}", a_picture())))
    photo_id = address.rpartition("/")[2].removesuffix(".webp")

    unproven = await counter.browser()
    same_order = await counter.let_in(await counter.browser(x_forwarded_for="10.9.9.9"))
    other_order = await counter.let_in(await counter.browser(x_forwarded_for="10.9.9.8"), "#1002")

    assert (await unproven.http.get(address)).status_code == 303
    assert (await other_order.http.get(address)).status_code == 404
    assert (await same_order.http.get(address)).status_code == 404  # a draft is seen in its own visit alone
    await chosen(same_order)
    await sent(same_order, {"remove": photo_id})
    assert (await shopper.http.get(address)).status_code == 200
    assert (await shopper.http.get(address.replace(".webp", ".svg"))).status_code == 404


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "This is no photo or video."),
        (b"\xff\xd8\xff\xe0 not a picture", "The photo cannot be read."),
        (b"\x89PNG\r\n\x1a\n" + bytes(10 * 1024 * 1024), "The photo is too large (limit 10 MB)."),
        (a_video() + b"<html>", "This is no photo or video."),
    ],
    ids=["svg", "broken", "heavy", "polyglot"],
)
async def test_a_failed_photo_is_said_at_its_field_and_never_loses_the_form(
    counter: Counter, raw: bytes, said: str
) -> None:
    shopper = await counter.let_in()
    key = await chosen(shopper)

    page = await sent(shopper, {f"reason-{key}": "damaged", f"note-{key}": "Torn"}, (f"photo-{key}", raw))

    assert page.status == 422
    assert page.source.count(said) == 2
    assert f'href="#photo-{key}"' in page.source
    assert "Torn" in page.source
    assert re.search(r'value="damaged" checked', page.source)
    assert shown(page) == []


async def test_a_video_is_kept_as_it_is_and_only_ever_saved(counter: Counter) -> None:
    shopper = await counter.let_in()
    key = await chosen(shopper)

    page = await sent(shopper, {"do": "add"}, (f"photo-{key}", a_video()))

    (address,) = re.findall(r'href="(/returns/[^"]+/files/[^"]+\.mp4)"', page.source)
    answer = await shopper.http.get(address)
    assert answer.content == a_video()
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert (answer.headers["content-type"], answer.headers["x-content-type-options"]) == ("video/mp4", "nosniff")


async def test_what_was_sent_of_an_item_that_is_taken_out_is_forgotten_with_the_draft(counter: Counter) -> None:
    shopper = await counter.let_in()
    key = await chosen(shopper)
    await sent(shopper, {f"reason-{key}": "damaged"}, (f"photo-{key}", a_picture()))
    (visit_id,) = await counter.do(lambda db: db.fetch("SELECT visit_id FROM photo"))
    await counter.do(lambda db: db.execute("UPDATE photo SET line_ref = 'line-9'"))
    await shopper.send("/offers", resolution="refund_original")

    await shopper.send("/review")

    assert len(await counter.do(lambda db: views.returns(db, after_id=UUID(int=0), limit=5))) == 1
    assert await counter.do(lambda db: photos.list_of_visit(db, visit_id["visit_id"])) == []


async def test_photos_removed_after_the_reasons_send_the_shopper_back_to_them(counter: Counter) -> None:
    await wanting(counter, 1)
    shopper = await counter.let_in()
    key = await chosen(shopper)
    await sent(shopper, {f"reason-{key}": "damaged"}, (f"photo-{key}", a_picture()))
    await shopper.send("/offers", resolution="refund_original")
    await counter.do(lambda db: db.execute("DELETE FROM photo"))

    page = await shopper.send("/review")

    assert page.path == "reasons"
    assert "Add 1 photo of this item" in page.text
    assert await counter.do(lambda db: views.returns(db, after_id=UUID(int=0), limit=5)) == []


async def test_so_many_files_in_a_short_time_are_enough(counter: Counter) -> None:
    shopper = await counter.let_in()
    key = await chosen(shopper)
    for _ in range(6):
        await sent(shopper, {"do": "add"}, *((f"photo-{key}", b"<html>") for _ in range(5)))

    page = await sent(shopper, {"do": "add"}, (f"photo-{key}", a_picture()))

    assert "That were many files in a short time." in page.text
    assert shown(page) == []
