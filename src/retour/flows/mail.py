"""Tell one person by mail: claim in one transaction, hand over outside any, settle in another.

Just before the message itself leaves, that is written down. Whatever interrupts before it, the mail is sent again when the
lease runs out; whatever interrupts after it, the mail is `unknown`: shown to staff, and not sent again by itself.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

import msgspec
import structlog

from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.label import LabelContent, standing
from retour.core.letter import Front, Letter, ToldReturn, Written, mail_address, one_line
from retour.core.mail import OPTIONAL, MailKind, MailState, Move, judge, life_of, moved
from retour.core.ports import Attachment, Mail, MailAnswer, MailSender, MailVerdict
from retour.store import account, event
from retour.store import label as labels
from retour.store import mail as mails
from retour.store.db import Database, Db
from retour.store.mail import Claim, Sender
from retour.store.vault import NotMyKey, Vault

LEASE: Final = timedelta(minutes=3)  # longer than a sender's patience
_log = structlog.get_logger(__name__)


class FrontOf(Protocol):
    """Returns what a store shows of itself, with a link to what an order's shopper may see; nothing without a portal.

    With `receiver` the link shows that person alone what they returned of a gift.
    """

    def __call__(
        self, db: Db, *, tenant_id: UUID, store_id: UUID, order_id: UUID | None, receiver: UUID | None, language: str
    ) -> Awaitable[Front | None]: ...


Attach = Callable[[Letter], Awaitable[Sequence[Attachment]]]


async def no_papers(_: Letter) -> Sequence[Attachment]:
    """Return nothing: a mail of words alone."""
    return ()


@dataclass(frozen=True, slots=True)
class Postman:
    """What carrying mail out needs; `write` puts a letter into words, `own_address` is the installation's sender.

    `attach` makes the files that go with a letter, outside any transaction; it raises Refused while it cannot.
    """

    database: Database
    vault: Vault
    sender: MailSender
    write: Callable[[Letter], Written]
    front: FrontOf
    own_address: str | None
    clock: Callable[[], datetime]
    jitter: Callable[[], int]  # a number from 0 to 1,000
    lease: timedelta = LEASE
    attach: Attach = no_papers


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of a mail; `due_at` is when to nudge it again, if it is due again."""

    state: MailState
    due_at: datetime | None = None


async def deliver(by: Postman, *, tenant_id: UUID, mail_id: UUID) -> Delivered | None:
    """Send one mail once and write what came of it; nothing if it is not due, held elsewhere or done."""
    async with by.database.tx(tenant_id) as db:
        held = await mails.claim(db, mail_id, now=by.clock(), lease=by.lease)
        letter = await _letter(db, by, held, tenant_id) if held else None
    if held is None:
        return None
    answer = await _send(by, held, letter, tenant_id=tenant_id)
    now = by.clock()
    judgement = judge(
        answer, kind=held.kind, tries=held.tries, expires_at=held.expires_at, now=now, jitter_permille=by.jitter()
    )

    async def write(db: Db) -> bool:
        return await mails.settle(db, held, judgement, at=now)

    if not await by.database.run(tenant_id, write):
        _log.info("late answer of a mail server", mail=str(mail_id), problem=judgement.problem)
        return None
    return Delivered(moved(MailState.SENDING, judgement.move), judgement.due_at)


async def send_again(db: Db, *, mail_id: UUID, now: datetime) -> None:
    """Send a mail once more that was refused or may not have arrived, because a person asks for it.

    Refuses mail_not_found, address_forgotten (codes and invitations are asked for anew), move_not_allowed.
    """
    found = await mails.lock_for_again(db, mail_id)
    if found is None:
        raise Refused("mail_not_found", "there is no such mail")
    state, kind, person_id = found
    moved(state, Move.AGAIN)
    if person_id is None or kind is MailKind.ONE_TIME_CODE:
        raise Refused("address_forgotten", "what was in the mail is forgotten; ask for a new one")
    await mails.send_again(db, mail_id, at=now, life=life_of(kind))


async def change_sender(db: Db, *, store_id: UUID, sender: Sender, actor: str, now: datetime) -> Sender:
    """Keep where a store's mail comes from and what it tells; return it as kept.

    Refuses store_not_found, invalid_email (with the field), kind_not_optional.
    """
    if await account.get_store(db, store_id) is None:
        raise Refused("store_not_found", "there is no such store")
    if not sender.silent <= OPTIONAL:
        raise Refused("kind_not_optional", "codes and invitations are always sent", field="silent")
    kept = replace(
        sender,
        address=mail_address(sender.address, field="address") if sender.address else None,
        reply_to=mail_address(sender.reply_to, field="reply_to") if sender.reply_to else None,
        staff_address=mail_address(sender.staff_address, field="staff_address") if sender.staff_address else None,
    )
    await mails.save_sender(db, store_id, kept, at=now)
    facts: dict[str, object] = {"mail": kept.active, "silent": sorted(kept.silent)}
    await event.put(
        db, EventType.STORE_CHANGED, resource_kind="store", resource_id=store_id, store_id=store_id, actor=actor, at=now,
        data=facts,
    )  # fmt: skip
    return kept


async def _letter(db: Db, by: Postman, held: Claim, tenant_id: UUID) -> Letter | None:
    """Return what the mail tells, read in the transaction that claimed it; nothing if its secret cannot be opened."""
    told = None
    if held.resource_kind == "return":
        paid = held.subject_id if held.kind is MailKind.RETURN_REFUNDED else None
        told = await mails.told_return(db, held.resource_id, settlement_id=paid)
        said = await mails.message_of(db, held.id) if held.kind is MailKind.RETURN_MESSAGE else None
        told = replace(told, message=said[0], message_photos=said[1]) if told and said else told
        if told and held.kind is MailKind.RETURN_APPROVED:
            told = replace(told, relabelled=await mails.brings_new_label(db, held.id))
    try:
        secret = _opened(by.vault, held.sealed_data, tenant_id, held.id)
    except NotMyKey:
        return None
    front = None
    if held.store_id is not None:
        receiver = held.person_id if told and told.rma.gift else None
        linked = told and (receiver or not told.rma.gift)
        front = await by.front(
            db, tenant_id=tenant_id, store_id=held.store_id, order_id=told.order_id if told and linked else None,
            receiver=receiver, language=held.language,
        )  # fmt: skip
    return Letter(
        kind=held.kind,
        tenant_id=tenant_id,
        store_id=held.store_id,
        language=held.language,
        timezone=held.timezone,
        at=by.clock(),
        front=front or Front(held.sender_name, contact_email=held.reply_to or held.sender_address),
        reader_name=held.person_name,
        told=told,
        secret=msgspec.json.decode(secret, type=dict[str, str]) if secret else {},
        papers=await _papers(db, by, held, told),
    )


async def _papers(db: Db, by: Postman, held: Claim, told: ToldReturn | None) -> tuple[LabelContent, ...]:
    """Return what is printed for the parcels of an approved return; nothing goes with any other mail."""
    if told is None or held.kind is not MailKind.RETURN_APPROVED:
        return ()
    wanted = [label.id for label in standing(told.rma)]
    return tuple(await labels.contents(db, by.vault, told.id, only=wanted)) if wanted else ()


async def _send(by: Postman, held: Claim, letter: Letter | None, *, tenant_id: UUID) -> MailAnswer:
    if by.clock() >= held.expires_at:
        return MailAnswer(MailVerdict.REFUSED, None, "it was too late to send it")
    if letter is None:
        return MailAnswer(MailVerdict.NOT_YET, None, "what is to be told cannot be opened")
    sender_address = held.sender_address or by.own_address
    if sender_address is None:
        return MailAnswer(MailVerdict.NOT_YET, None, "there is no sender address (RETOUR_MAIL_FROM)")
    try:
        locked = _opened(by.vault, held.sealed_address, tenant_id, held.id)
        to = mail_address(locked.decode() if locked else held.email or "")
    except NotMyKey:
        return MailAnswer(MailVerdict.NOT_YET, None, "the address cannot be opened")
    except Refused:
        return MailAnswer(MailVerdict.REFUSED, None, "there is no e-mail address to send it to")
    written = by.write(letter)
    try:
        attachments = tuple(await by.attach(letter)) if letter.papers else ()
    except Refused as no:  # all of the mail or nothing of it
        return MailAnswer(MailVerdict.NOT_YET, None, f"its papers cannot be made: {no.message}")
    mail = Mail(
        message_id=held.message_id or f"<{held.id}@{sender_address.rpartition('@')[2]}>",
        at=by.clock(),
        sender_name=one_line(held.sender_name),
        sender_address=sender_address,
        reply_to=held.reply_to,
        to=to,
        subject=one_line(written.subject),
        text=written.text,
        html=written.html,
        language=letter.language,
        attachments=attachments,
    )

    async def leaving() -> bool:
        async with by.database.tx(tenant_id) as db:
            return await mails.hand(db, held, message_id=mail.message_id, at=by.clock())

    return await by.sender.send(mail, leaving=leaving)


def _opened(vault: Vault, locked: bytes | None, tenant_id: UUID, mail_id: UUID) -> bytes | None:
    return vault.unlock(locked, tenant_id=tenant_id, purpose=mails.purpose(mail_id)) if locked else None
