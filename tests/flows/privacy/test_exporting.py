"""An export holds everything that is held of a person and nothing of anybody else, for a limited time."""

import io
import json
import zipfile
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from retour.core.errors import Refused
from retour.core.privacy import Keep, RequestState
from retour.flows import privacy
from retour.flows.photo import evidence
from retour.store.photo import PhotoKind
from tests.flows.privacy.canary import BACK, EMAIL, NAME, PHONE, STREET, Canary, a_photo

pytestmark = pytest.mark.anyio
SECTIONS = {
    "person.json", "orders.json", "returns.json", "settlements.json", "payments.json", "store_credit.json", "mails.json",
    "events.json", "signs_of_abuse.json", "lists.json", "visits.json", "requests.json",
}  # fmt: skip


async def taken(canary: Canary, request_id: UUID, n: int = 1) -> dict[str, bytes]:
    async with canary.house.web.tx(canary.house.tenant) as db:
        raw = await privacy.download(
            db, canary.house.vault, request_id=request_id, n=n, actor=canary.staff, now=canary.clock()
        )
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


async def test_an_export_has_what_is_held_and_says_who_took_it(canary: Canary) -> None:
    await canary.known_everywhere()

    done = await canary.work(request := await canary.ask(privacy.ask_export))
    files = await taken(canary, request)

    assert (done.state, done.parts) == (RequestState.DONE, 1)
    assert done.facts == {"files": len(files), "parts": 1}
    assert files.keys() >= SECTIONS
    (person,) = json.loads(files["person.json"])
    assert (person["name"], person["email"], person["phone"]) == (NAME, EMAIL, PHONE)
    (back,) = json.loads(files["returns.json"])
    assert [note["body"] for note in back["notes"]] == [f"wrote to {EMAIL}"] * 2
    assert [asked["answer"] for asked in back["questions"]] == [f"M, says {NAME}"]
    assert back["lines"][0]["note"] == f"please call {NAME} on {PHONE}"
    assert back["inspections"][0]["note"] == f"box says {NAME}, {STREET}"
    assert [paid["total_minor"] for paid in json.loads(files["settlements.json"])] == [3998]
    assert [row["amount_minor"] for row in json.loads(files["store_credit.json"])] == [3998]
    assert {mail["kind"] for mail in json.loads(files["mails.json"])} >= {"return_approved", "return_refunded"}
    assert {row["kind"] for row in json.loads(files["signs_of_abuse.json"])} >= {"email", "phone", "person"}
    assert [row["list"] for row in json.loads(files["lists.json"])] == ["allow"]
    sent_to = next(json.loads(content) for name, content in files.items() if name.endswith("-sent-to.json"))
    assert sent_to["street"] == [STREET, BACK]
    (at_home,) = [json.loads(content) for name, content in files.items() if name.endswith("-address.json")]
    assert (at_home["street"], at_home["town"]) == ([STREET, BACK], "Potsdam")
    assert "address_sealed" not in back
    folders = {name.partition("/")[0] for name in files} - SECTIONS
    assert folders == {"orders", "returns", "labels", "photos", "sent_in", "unassigned"}
    assert await canary.events() == ["privacy.asked", "privacy.exported", "privacy.downloaded"]


async def test_an_export_has_nothing_of_anybody_else_nor_of_a_gift_that_was_returned(canary: Canary) -> None:
    house = canary.house
    other = await house.an_order(customer="Bo Fremd", email="bo.fremd@else.example", phone="+4930111222333")
    theirs = await house.returned(other, {0: 1})
    await canary.known_everywhere()
    gift = await house.ask(await canary.an_order(), {0: 1})
    async with house.web.tx(house.tenant) as db:
        await db.execute("UPDATE rma SET person_id = $1 WHERE id = $2", other.person_id, gift)
        for rma_id in (theirs, gift):
            await evidence.keep(
                db, house.vault, tenant_id=house.tenant, rma_id=rma_id, line_id=None, kind=PhotoKind.SHOPPER,
                photo=a_photo(), actor="shopper", now=canary.clock(),
            )  # fmt: skip

    await canary.work(request := await canary.ask(privacy.ask_export))
    files = await taken(canary, request)

    assert [name for name, content in files.items() if b"remd" in content or b"111222333" in content] == []
    assert [back["id"] for back in json.loads(files["returns.json"])] == [str(canary.returns[0])]
    assert len([name for name in files if name.startswith("photos/")]) == 1


async def test_a_large_export_comes_in_parts_that_are_whole_files(canary: Canary) -> None:
    await canary.known_everywhere()
    request = await canary.ask(privacy.ask_export)

    await privacy.answer(
        replace(canary.answerer, part_bytes=1), tenant_id=canary.house.tenant, request_id=request
    )  # fmt: skip

    done = await canary.request(request)
    files = [name for n in range(1, done.parts + 1) for name in await taken(canary, request, n)]
    assert done.facts == {"files": done.parts, "parts": done.parts}, "every file has a part of its own"
    assert len(files) == len(set(files)) == done.parts
    assert set(files) >= SECTIONS
    assert [name.partition("/")[0] for name in files if name not in SECTIONS] == [
        "labels", "orders", "orders", "returns", "sent_in", "unassigned", "photos",
    ]  # fmt: skip


async def test_an_export_ends_with_its_time_and_with_its_person(canary: Canary) -> None:
    await canary.known_everywhere()
    erased = canary.answerer
    first = await canary.ask(privacy.ask_export)
    await canary.work(first)

    await canary.later(timedelta(days=7))
    with pytest.raises(Refused) as over:
        await taken(canary, first)
    counts = await privacy.forget_old(
        canary.house.web, tenant_id=canary.house.tenant, erased=lambda _: (), clock=canary.clock
    )
    second = await canary.ask(privacy.ask_export)
    await canary.work(second)
    await privacy.answer(erased, tenant_id=canary.house.tenant, request_id=await canary.ask(privacy.ask_erasure))
    with pytest.raises(Refused) as gone:
        await taken(canary, second)

    assert over.value.code == gone.value.code == "archive_not_found"
    assert counts[Keep.EXPORTS.value] == 1
    assert (await canary.request(second)).parts == 0
