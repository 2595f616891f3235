"""A mail that came in: nothing, where a program wrote it; a message on the return it answers; else a draft for people."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from retour.core.channel import Channel
from retour.core.mailbox import TEXT_MOST, Received, conversation, number_in, with_files
from retour.flows.intake.hands import Hands
from retour.flows.intake.message import Told
from retour.flows.intake.taking import Source, fitting
from retour.flows.intake.texts import joined, take_text
from retour.store import intake as intakes
from retour.store.db import Db
from retour.store.intake import Intake
from retour.store.mail import answered
from retour.store.mail.answered import Answered
from retour.store.order.people import fold_email
from retour.store.vault import Vault
from retour.store.webhook import Entry

UNREADABLE: Final = "unreadable_mail"
SAID: Final = "message"  # it became a message of the shopper on a return


@dataclass(frozen=True, slots=True)
class Reading:
    """Who reads a mail: the account, its own addresses beside the store's, and the names of files that are not kept."""

    tenant_id: UUID
    own: frozenset[str] = frozenset()
    not_kept: tuple[str, ...] = ()


async def read_mail_in(
    db: Db, vault: Vault, entry: Entry, raw: bytes, mail: Received | None, reading: Reading, *, hands: Hands,
    now: datetime,
) -> Told:  # fmt: skip
    """Work on a mail inside the open transaction and return what became of it; it never raises for its content.

    `mail` is what its bytes say, read beforehand; nothing where they cannot be read.
    A mail answers a return by the id of one of our mails, whoever wrote it; by the number in its subject only if it
    comes from the shopper's own address. The other mails of a conversation join its draft, or the return it became.
    """
    if mail is None:
        return Told("refused", problem=UNREADABLE)
    if mail.automatic is not None:
        return Told(f"ignored: {mail.automatic}")
    if mail.sender in reading.own | await answered.own_addresses(db, entry.store_id):
        return Told("ignored: own_mail")
    text = with_files(mail.text, (*mail.others, *reading.not_kept))[:TEXT_MOST]
    begun = await intakes.find(
        db, source=entry.source, external_id=_named(conversation(mail.message_id, mail.answers), raw)
    )
    about = await _about(db, entry.store_id, mail, begun)
    if about is not None:
        return await _heard(db, entry, mail, about, text or mail.subject, hands=hands, now=now)
    if begun is not None and begun.state == "waiting":
        before = await intakes.document(db, vault, begun.id)
        said = joined((before.text if before else None) or "", text or mail.subject)
        reference, at = begun.external_id, _after(begun, now)
    else:
        said = "\n\n".join(part for part in (mail.subject, text) if part)
        reference, at = _named(mail.message_id if begun else conversation(mail.message_id, mail.answers), raw), now
    return await _draft(db, vault, entry, mail, reference, said, reading, at=at, hands=hands, now=now)


def _after(begun: Intake, now: datetime) -> datetime:
    """Return a time after that of the conversation: another mail of it, read at once with this one, may bear a later."""
    return now if begun.far_updated_at is None else max(now, begun.far_updated_at + timedelta(microseconds=1))


def _named(message_id: str | None, raw: bytes) -> str:
    """Return the id under which a draft is known; a mail without an id is known by the fingerprint of its bytes."""
    return fitting(message_id or f"sha256:{hashlib.sha256(raw).hexdigest()}")


async def _about(db: Db, store_id: UUID, mail: Received, begun: Intake | None) -> Answered | None:
    about = await answered.answered(db, store_id, mail.answers)
    if about is None and begun is not None and begun.rma_id is not None:
        about = await answered.opened(db, store_id, begun.rma_id)
    if about is not None:
        return about
    number = number_in(mail.subject)
    named = await answered.numbered(db, store_id, number) if number is not None else None
    return named if named is not None and _is_own(named, mail) else None


def _is_own(about: Answered, mail: Received) -> bool:
    return mail.sender is not None and about.address == fold_email(mail.sender)


async def _heard(
    db: Db, entry: Entry, mail: Received, about: Answered, text: str, *, hands: Hands, now: datetime
) -> Told:
    facts: dict[str, object] = {"inbox_id": entry.id, "same_address": _is_own(about, mail)}
    await hands.hear(
        db, rma_id=about.rma_id, text=text or "-", actor=f"shopper:{about.person_id}", facts=facts, now=now
    )
    return Told(f"{SAID}: R-{about.number}", person_id=about.person_id)


async def _draft(
    db: Db, vault: Vault, entry: Entry, mail: Received, reference: str, said: str, reading: Reading, *, at: datetime,
    hands: Hands, now: datetime,
) -> Told:  # fmt: skip
    source = Source(
        tenant_id=reading.tenant_id, store_id=entry.store_id, key=entry.source, channel=Channel.MAIL,
        actor=f"source:{entry.connection_id}", connection_id=entry.connection_id,
    )  # fmt: skip
    taken = await take_text(
        db, vault, source, text=said or "-", reference=reference, at=at, hands=hands, now=now,
        sender=mail.sender,
    )  # fmt: skip
    await hands.put_by(db, intake_id=taken.intake_id, now=now)
    return Told(
        f"{taken.outcome.value}: {taken.why}"[:200] if taken.why else taken.outcome.value, intake_id=taken.intake_id
    )
