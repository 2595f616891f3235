"""What belongs to nobody goes if it is about the person, by what is theirs alone, and never while somebody works on it."""

import base64
import json
from uuid import uuid4

import pytest

from retour.core.privacy import LOOK_AGAIN, RequestState
from retour.flows import privacy
from retour.store import webhook
from retour.store.ids import new_id
from retour.store.privacy import bodies
from retour.store.privacy.bodies import Where
from tests.flows.privacy.canary import EMAIL, NAME, PHONE, STREET, Canary
from tests.flows.privacy.test_exporting import taken

pytestmark = pytest.mark.anyio


def a_mail(text: str) -> bytes:
    """Return a mail whose words cannot be read in its bytes."""
    said = base64.encodebytes(text.encode())
    return b"Subject: =?utf-8?q?Zur=C3=BCck?=\r\nContent-Transfer-Encoding: base64\r\n\r\n" + said


async def test_messages_of_people_whose_names_are_alike_stay(canary: Canary) -> None:
    await canary.an_order()
    async with canary.house.web.tx(canary.house.tenant) as db:
        await db.execute("UPDATE person SET name = 'Mark' WHERE id = $1", canary.person_id)
    others = [
        await canary.received(json.dumps({"note": text}).encode())
        for text in ("a remark of Susanna", f"Mark{NAME}, {STREET}", "Mark", f"x{EMAIL}", f"1{PHONE[1:]}", STREET)
    ]
    theirs = [
        await canary.received(raw)
        for raw in (json.dumps({"note": f"MARK\n{STREET}!"}).encode(), EMAIL.upper().encode(), PHONE.encode())
    ]
    draft = await _draft(canary, "for Mark only")

    done = await canary.work(await canary.ask(privacy.ask_erasure))

    assert done.state is RequestState.DONE
    assert [await canary.kept(one) for one in others] == [True] * 6
    assert [await canary.kept(one) for one in theirs] == [False] * 3
    async with canary.house.web.tx(canary.house.tenant) as db:
        assert await db.fetchval("SELECT state FROM intake WHERE id = $1", draft) == "waiting"


async def test_messages_with_the_number_in_its_national_form_go_and_those_of_other_numbers_stay(canary: Canary) -> None:
    await canary.an_order()
    national = f"0{PHONE[3:]}"
    theirs = [
        await canary.received(json.dumps({"note": text}).encode())
        for text in (
            f"ring {national}!", f"({national[:5]}) {national[5:8]} {national[8:]}", f"+49 (0){PHONE[3:6]}/{PHONE[6:]}",
            f"10115 Berlin\n{national[:4]} {national[4:]}\n4711",
        )
    ]  # fmt: skip
    others = [
        await canary.received(json.dumps({"note": text}).encode())
        for text in (f"+43 {PHONE[3:]}", f"+43 (0){PHONE[3:]}", f"{national}9", f"9{national}", f"order #{PHONE[3:]}")
    ]

    done = await canary.work(await canary.ask(privacy.ask_erasure))

    assert done.state is RequestState.DONE
    assert [await canary.kept(one) for one in theirs] == [False] * 4
    assert [await canary.kept(one) for one in others] == [True] * 5


async def test_a_number_that_was_kept_in_its_national_form_is_found_with_its_country(canary: Canary) -> None:
    await canary.an_order()
    async with canary.house.web.tx(canary.house.tenant) as db:
        await db.execute("UPDATE person SET phone = '0151 777 333 11' WHERE id = $1", canary.person_id)
    theirs, other = [await canary.received(f"call {code}15177733311".encode()) for code in ("+49", "+43")]

    await canary.work(await canary.ask(privacy.ask_erasure))

    assert [await canary.kept(one) for one in (theirs, other)] == [False, True]


async def test_an_erasure_waits_until_a_message_about_the_person_is_worked_on(canary: Canary) -> None:
    await canary.an_order()
    other = await canary.received(b'{"to": "bo@else.example"}', done=False)
    unread = await canary.received(a_mail(f"I am {EMAIL}"), topic="mail.message", done=False)

    waiting = await canary.work(request := await canary.ask(privacy.ask_erasure))
    async with canary.house.web.tx(canary.house.tenant) as db:
        body = await webhook.body(db, canary.house.vault, unread)
        await webhook.done(db, unread, at=canary.clock())
    await canary.later(LOOK_AGAIN)
    done = await canary.work(request)

    assert (waiting.state, waiting.why, waiting.facts) == (RequestState.WAITING, "message_open", {"messages": 1})
    assert body == a_mail(f"I am {EMAIL}")
    assert done.state is RequestState.DONE
    assert [await canary.kept(one) for one in (unread, other)] == [False, True]


async def test_an_encoded_mail_is_read_and_what_a_return_was_made_of_goes_whatever_it_says(canary: Canary) -> None:
    await canary.known_everywhere()
    async with canary.house.web.tx(canary.house.tenant) as db:
        intake = await db.fetchval("SELECT id FROM intake")
    named = await canary.received(a_mail(f"{NAME}\n{STREET}"), topic="mail.message")
    made_of = await canary.received(a_mail("one shirt back please"), topic="mail.message", intake_id=intake)
    other = await canary.received(a_mail("one shirt back please"), topic="mail.message")

    await canary.work(await canary.ask(privacy.ask_erasure))

    assert [await canary.kept(one) for one in (named, made_of, other)] == [False, False, True]


async def test_an_export_has_encoded_mail_and_what_a_return_was_made_of(canary: Canary) -> None:
    await canary.known_everywhere()
    async with canary.house.web.tx(canary.house.tenant) as db:
        intake = await db.fetchval("SELECT id FROM intake")
    before = [f"from {EMAIL}", "one shirt back please"]
    theirs = [
        await canary.received(a_mail(before[0]), topic="mail.message"),
        await canary.received(a_mail(before[1]), topic="mail.message", intake_id=intake),
    ]
    other = await canary.received(a_mail(f"from x{EMAIL}"), topic="mail.message")

    await canary.work(request := await canary.ask(privacy.ask_export))
    files = await taken(canary, request)

    assert [files[f"unassigned/inbox-{one}.json"] for one in theirs] == [a_mail(text) for text in before]
    assert f"unassigned/inbox-{other}.json" not in files


async def test_no_more_bodies_are_opened_at_once_than_fit_into_a_page(canary: Canary) -> None:
    await canary.an_order()
    sizes = (10, 10, 5_000, 10)
    received = [await canary.received(b"x" * size) for size in sizes]
    waiting = [await canary.received(b"y" * size, done=False) for size in sizes]
    where = Where(canary.house.store, canary.person_id, page_bytes=2_000)

    for read, ids in ((bodies.inbox, received), (bodies.others, waiting)):
        pages, after = list[list[object]](), None
        while True:
            async with canary.house.web.tx(canary.house.tenant) as db:
                page, after = await read(db, canary.house.vault, where, after=after)
            if after is None:
                break
            pages.append([body.ref.id for body in page])
        assert pages == [ids[:2], ids[2:3], ids[3:]], "the large one comes alone"


async def _draft(canary: Canary, said: str) -> object:
    """Keep what waits for a person because no order was found for it."""
    house, intake_id = canary.house, new_id()
    async with house.web.tx(house.tenant) as db:
        sealed = house.vault.lock(
            json.dumps({"note": said}).encode(), tenant_id=house.tenant, purpose=f"intake:{intake_id}"
        )
        await db.execute(
            "INSERT INTO intake (tenant_id, id, store_id, source, channel, external_id, state, why, sealed, received_at,"
            " changed_at) VALUES (current_tenant(), $1, $2, 'mail:x', 'mail', $3, 'waiting', 'no_order', $4, $5, $5)",
            intake_id, house.store, str(uuid4()), sealed, canary.clock(),
        )  # fmt: skip
    return intake_id
