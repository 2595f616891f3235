"""A mail on its way: what each answer does, what a crash leaves, and that nothing is ever sent twice by itself."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from retour.core.errors import Refused
from retour.core.mail import MailKind, MailState
from retour.core.ports import Mail, MailAnswer, MailSender
from retour.flows.mail import LEASE, Delivered
from retour.store import due, instance
from retour.store import mail as mails
from retour.store.ids import new_id
from retour.store.vault import Vault
from tests.flows.mail.bag import FROM, TO, Bag, a_bag

pytestmark = pytest.mark.anyio

DONE = Delivered(MailState.DELIVERED)
SAID = "the mail server answered {}: the sandbox was asked to say so"
A_MOMENT = timedelta(microseconds=1)
KILLED = KeyboardInterrupt


class Dying:
    """Hands mail over, and dies at one moment of it."""

    def __init__(self, sender: MailSender, *, before: bool = False, after: bool = False) -> None:
        self._sender, self._before, self._after = sender, before, after

    async def send(self, mail: Mail, *, leaving: Callable[[], Awaitable[bool]]) -> MailAnswer:
        if self._before:
            raise KILLED
        answer = await self._sender.send(mail, leaving=leaving)
        if self._after:
            raise KILLED
        return answer


async def test_an_accepted_mail_is_delivered_once_and_its_secret_is_forgotten(bag: Bag) -> None:
    mail_id = await bag.plan()

    assert await bag.carry(mail_id) == DONE
    assert await bag.carry(mail_id) is None

    [kept] = bag.room.box.newest_first()
    assert (kept.envelope_from, kept.envelope_to) == (FROM, [TO])
    assert (kept.header("Subject"), kept.text) == ("staff_invited for Acme", "de: link=https://x.example/i/1\n")
    assert kept.header("Message-ID") == f"<{mail_id}@retour.example>"
    seen = await bag.look(mail_id)
    assert (seen.state, seen.tries, seen.last_code, seen.last_problem) == (MailState.DELIVERED, 1, 250, None)
    assert seen.delivered_at == bag.clock.now
    assert await bag.secrets(mail_id) == (None, None)


async def test_a_refusal_for_now_is_tried_again_under_the_same_id_and_keeps_the_secret(bag: Bag) -> None:
    mail_id = await bag.plan()
    bag.room.misbehave({"where": "message", "how": "451"})

    first = await bag.carry(mail_id)
    too_early = await bag.carry(mail_id)
    before = await bag.look(mail_id)
    bag.clock.wind(by=timedelta(minutes=1))
    second = await bag.carry(mail_id)

    assert first == Delivered(MailState.DUE, bag.clock.now)
    assert (too_early, second) == (None, DONE)
    assert (before.last_code, before.last_problem) == (451, SAID.format(451))
    [kept] = bag.room.box.newest_first()
    assert kept.header("Message-ID") == f"<{mail_id}@retour.example>"


async def test_a_server_that_is_away_for_two_days_is_asked_nine_times_and_then_it_is_shown(bag: Bag) -> None:
    mail_id = await bag.plan()
    bag.room.misbehave({"where": "mail", "how": "421", "times": 99})

    pauses = await bag.carry_to_the_end(mail_id)

    assert [pause // timedelta(minutes=1) for pause in pauses] == [0, 1, 5, 15, 60, 180, 360, 720, 1440]
    seen = await bag.look(mail_id)
    assert (seen.state, seen.tries, seen.last_code) == (MailState.FAILED, 9, 421)
    [complaint] = await bag.complaints()
    assert (complaint.kind, complaint.resource_kind, complaint.resource_id) == (
        "mail_refused",
        "staff",
        seen.resource_id,
    )
    assert complaint.details == {
        "mail_id": str(mail_id), "mail": "staff_invited", "code": 421, "tries": 9, "problem": SAID.format(421),
    }  # fmt: skip
    assert await bag.secrets(mail_id) == (None, None)


async def test_an_address_that_is_refused_for_good_is_shown_at_once_without_naming_it(bag: Bag) -> None:
    mail_id = await bag.plan()
    bag.room.misbehave({"where": "rcpt", "how": "550"})

    assert await bag.carry(mail_id) == Delivered(MailState.FAILED)

    [complaint] = await bag.complaints()
    assert (complaint.kind, complaint.details["code"], complaint.owner) == ("mail_refused", 550, "agent")
    assert TO not in str(complaint)
    assert bag.subjects() == []


@pytest.mark.parametrize("how", ["hang_after", "drop_after", "drop_before"])
async def test_an_answer_lost_after_the_message_is_unknown_shown_and_never_sent_again(bag: Bag, how: str) -> None:
    mail_id = await bag.plan()
    bag.room.misbehave({"where": "message", "how": how, "seconds": 1})

    assert await bag.carry(mail_id) == Delivered(MailState.UNKNOWN)
    bag.clock.wind(by=timedelta(days=2))
    assert await bag.carry(mail_id) is None

    assert len(bag.subjects()) == (1 if how.endswith("after") else 0)
    [complaint] = await bag.complaints()
    assert (complaint.kind, complaint.next_step) == (
        "mail_unknown", "ask whether the mail arrived; send it again only if it did not",
    )  # fmt: skip


async def test_a_worker_that_dies_before_the_message_left_leaves_it_to_another(bag: Bag) -> None:
    mail_id = await bag.plan()
    with pytest.raises(KILLED):
        await bag.carry(mail_id, sender=Dying(bag.client, before=True))
    left = (await bag.look(mail_id)).state
    bag.clock.wind(by=LEASE)
    held = await bag.carry(mail_id)
    bag.clock.wind(by=A_MOMENT)

    assert (left, held, await bag.carry(mail_id)) == (MailState.SENDING, None, DONE)
    assert (len(bag.subjects()), (await bag.look(mail_id)).tries) == (1, 2)


async def test_a_worker_that_dies_after_the_message_left_leaves_a_doubt_and_no_second_mail(bag: Bag) -> None:
    mail_id = await bag.plan()
    with pytest.raises(KILLED):
        await bag.carry(mail_id, sender=Dying(bag.client, after=True))
    bag.clock.wind(by=LEASE + A_MOMENT)

    assert await bag.carry(mail_id) is None
    assert await bag.carry(mail_id) is None

    seen = await bag.look(mail_id)
    assert (seen.state, seen.last_problem) == (MailState.UNKNOWN, "the worker stopped while it handed the mail over")
    assert len(bag.subjects()) == 1
    assert [c.kind for c in await bag.complaints()] == ["mail_unknown"]
    assert await bag.secrets(mail_id) == (None, None)


async def test_a_proof_that_comes_late_still_counts_and_ends_the_doubt(bag: Bag) -> None:
    mail_id, slow = await bag.plan(), bag.client

    class Slow:
        async def send(self, mail: Mail, *, leaving: Callable[[], Awaitable[bool]]) -> MailAnswer:
            answer = await slow.send(mail, leaving=leaving)
            bag.clock.wind(by=LEASE + A_MOMENT)
            assert await bag.carry(mail_id) is None
            assert (await bag.look(mail_id)).state is MailState.UNKNOWN
            return answer

    assert await bag.carry(mail_id, sender=Slow()) == DONE
    assert (len(bag.subjects()), await bag.complaints()) == (1, [])


async def test_nothing_leaves_once_the_lease_is_over(bag: Bag) -> None:
    mail_id, late = await bag.plan(), bag.client

    class Late:
        async def send(self, mail: Mail, *, leaving: Callable[[], Awaitable[bool]]) -> MailAnswer:
            bag.clock.wind(by=LEASE + A_MOMENT)
            return await late.send(mail, leaving=leaving)

    async def twice() -> None:
        assert await bag.carry(mail_id, sender=Late()) == Delivered(MailState.DUE, bag.clock.now + timedelta(minutes=1))

    await twice()
    assert bag.subjects() == []


async def test_eight_workers_with_the_same_job_send_it_once(bag: Bag) -> None:
    mail_id = await bag.plan()

    came = await asyncio.gather(*(bag.carry(mail_id) for _ in range(8)))

    assert sorted(map(str, came)) == sorted(map(str, [DONE] + [None] * 7))
    assert len(bag.subjects()) == 1


async def test_a_code_is_tried_quickly_goes_first_and_is_given_up_after_its_ten_minutes(bag: Bag, owner: Any) -> None:
    mail_id = await bag.plan(MailKind.ONE_TIME_CODE, secret={"code": "123456"})
    bag.room.misbehave({"where": "rcpt", "how": "450", "times": 99})

    pauses = await bag.carry_to_the_end(mail_id)

    assert [pause // timedelta(seconds=1) for pause in pauses] == [0, 5, 20, 60, 120, 180, 180]
    assert (await bag.look(mail_id)).state is MailState.FAILED
    assert await bag.complaints() == []
    assert await bag.secrets(mail_id) == (None, None)
    assert await bag.jobs(owner) == [(str(mail_id), 10)]


async def test_a_code_that_waited_too_long_is_not_sent_at_all(bag: Bag) -> None:
    mail_id = await bag.plan(MailKind.ONE_TIME_CODE, secret={"code": "123456"})
    bag.clock.wind(by=timedelta(minutes=10))

    assert await bag.carry(mail_id) == Delivered(MailState.FAILED)

    assert (await bag.look(mail_id)).last_problem == "it was too late to send it"
    assert bag.subjects() == []


async def test_a_person_without_an_address_is_shown_and_nothing_is_sent(bag: Bag) -> None:
    mail_id = await bag.plan(to=await bag.a_person(email="not an address"))

    assert await bag.carry(mail_id) == Delivered(MailState.FAILED)

    assert (await bag.look(mail_id)).last_problem == "there is no e-mail address to send it to"
    assert [c.kind for c in await bag.complaints()] == ["mail_refused"]


async def test_without_a_sender_address_nothing_is_sent_and_it_is_tried_again(bag: Bag) -> None:
    mail_id = await bag.plan()
    bag.own_address = None

    assert await bag.carry(mail_id) == Delivered(MailState.DUE, bag.clock.now + timedelta(minutes=1))

    assert (await bag.look(mail_id)).last_problem == "there is no sender address (RETOUR_MAIL_FROM)"


async def test_what_another_house_sealed_is_not_sent_and_not_lost(bag: Bag, tmp_path: Path) -> None:
    mail_id = await bag.plan()

    came = await bag.carry(mail_id, vault=Vault.open(tmp_path / "other keys"))
    bag.clock.wind(by=timedelta(minutes=1))

    assert came is not None
    assert came.state is MailState.DUE
    assert await bag.carry(mail_id) == DONE


async def test_a_quarantined_database_mails_nobody(bag: Bag, owner: Any, tmp_path: Path) -> None:
    mail_id, held_back = await bag.plan(), await bag.plan()
    client = bag.client

    class Overtaken:
        async def send(self, mail: Mail, *, leaving: Callable[[], Awaitable[bool]]) -> MailAnswer:
            await instance.quarantine(owner, "a copy of production")
            return await client.send(mail, leaving=leaving)

    try:
        in_the_middle = await bag.carry(held_back, sender=Overtaken())
        assert await bag.carry(mail_id) is None
    finally:
        await instance.resume(owner, tmp_path)

    assert in_the_middle is not None
    assert (in_the_middle.state, bag.subjects()) == (MailState.DUE, [])
    assert await bag.carry(mail_id) == DONE


async def test_the_sweep_finds_what_lost_its_job_and_nothing_that_is_over(bag: Bag) -> None:
    lost, sent, later = await bag.plan(), await bag.plan(), await bag.plan()
    await bag.carry(sent)
    bag.room.misbehave({"where": "mail", "how": "421"})
    await bag.carry(later)

    async with bag.database.tx(None) as db:
        found = await due.mail(db, most=1000, overdue=timedelta(0))

    assert [mail_id for tenant_id, mail_id in found if tenant_id == bag.tenant_id] == [lost]


async def test_another_accounts_mail_is_never_sent(bag: Bag, tmp_path: Path) -> None:
    async with a_bag(bag.database, bag.vault) as other:
        own, foreign = await bag.plan(), await other.plan()

        assert await bag.carry(foreign) is None
        assert await other.carry(own) is None
        assert (bag.subjects(), other.subjects()) == ([], [])
        assert [await bag.carry(own), await other.carry(foreign)] == [DONE, DONE]


async def test_a_kind_goes_out_once_for_its_subject(bag: Bag) -> None:
    subject = new_id()
    await bag.plan(subject_id=subject)

    with pytest.raises(asyncpg.UniqueViolationError):
        await bag.plan(subject_id=subject)


async def test_a_person_sends_again_what_was_refused_and_that_ends_what_was_shown(bag: Bag) -> None:
    mail_id = await bag.plan(to=await bag.a_person(), secret=None)
    bag.room.misbehave({"where": "rcpt", "how": "550"})
    await bag.carry(mail_id)
    bag.clock.wind(by=timedelta(days=9))

    await bag.again(mail_id)

    assert await bag.carry(mail_id) == DONE
    assert (len(bag.subjects()), await bag.complaints()) == (1, [])


async def test_sending_again_is_refused_where_it_would_double_or_cannot_be(bag: Bag) -> None:
    sent, due_now, forgotten = await bag.plan(to=await bag.a_person(), secret=None), await bag.plan(), await bag.plan()
    await bag.carry(sent)
    bag.room.misbehave({"where": "rcpt", "how": "550"})
    await bag.carry(forgotten)

    codes = []
    for mail_id in (sent, due_now, forgotten, new_id()):
        with pytest.raises(Refused) as no:
            await bag.again(mail_id)
        codes.append(no.value.code)

    assert codes == ["move_not_allowed", "move_not_allowed", "address_forgotten", "mail_not_found"]
    assert len(bag.subjects()) == 1


async def test_the_database_itself_refuses_to_send_what_may_have_been_accepted(bag: Bag) -> None:
    left, sent = await bag.plan(), await bag.plan()
    await bag.carry(sent)
    async with bag.database.tx(bag.tenant_id) as db:
        held = await mails.claim(db, left, now=bag.clock.now, lease=LEASE)
        assert held is not None
        assert await mails.hand(db, held, message_id="<1@x>", at=bag.clock.now)

    async def refusal(statement: str, mail_id: UUID) -> str:
        with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refused:
            async with bag.database.tx(bag.tenant_id) as db:
                await db.execute(statement, mail_id)
        return str(refused.value)

    assert await refusal("UPDATE mail SET lease_until = now() WHERE id = $1", left) == (
        "a mail that may have been accepted is not sent again"
    )
    assert await refusal("UPDATE mail SET state = 'due', delivered_at = NULL WHERE id = $1", sent) == (
        "a mail cannot move from delivered to due"
    )
    assert await refusal("UPDATE mail SET message_id = '<2@x>' WHERE id = $1", left) == "a mail stays what it is"
