"""A message of a desk or a marketplace: it begins a draft, goes on with it, or is heard on the return that it became."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from retour.core.intake import Message
from retour.flows.intake.hands import Hands
from retour.flows.intake.taking import Source, fitting
from retour.flows.intake.texts import AND_THEN, joined, take_text
from retour.flows.intake.told import Outcome, Taken
from retour.store import intake as intakes
from retour.store.db import Db
from retour.store.intake import Intake
from retour.store.mail import answered
from retour.store.order.people import fold_email
from retour.store.vault import Vault

MOST_BEGUN: Final = 100  # times that one conversation is begun anew


async def take_letter(
    db: Db, vault: Vault, source: Source, letter: Message, *, inbox_id: UUID, hands: Hands, now: datetime
) -> Taken:
    """Take in one message of a conversation; nothing that was written in it before is lost.

    While the conversation waits, the message joins its draft. On the return that it became the shopper's own words are
    heard, and those of anybody else noted for the staff. Where it was dismissed a later message begins another draft.
    A message that is known changes nothing; one that is late is read all the same.
    """
    reference, known = await _conversation(db, source, letter)
    if known is None:
        return await _draft(db, vault, source, letter, reference, letter.text, letter.sent_at, hands, now)
    if known.state == "dismissed":
        return Taken(known.id, Outcome.DISMISSED)
    kept = await intakes.document(db, vault, known.id)
    before = (kept.text if kept else None) or ""
    is_late = known.far_updated_at is not None and letter.sent_at <= known.far_updated_at
    if is_late and (letter.text in before or letter.text.strip() in before.split(AND_THEN)):
        return Taken(known.id, Outcome.UNCHANGED, known.rma_id)
    said = letter.text if before and before in letter.text else joined(before, letter.text)
    at = _after(known) if is_late else letter.sent_at
    if known.rma_id is None:
        sender = kept.document.customer.email if kept else None
        return await _draft(db, vault, source, letter, reference, said, at, hands, now, sender=sender)
    await _hear(db, source, letter, known.rma_id, inbox_id, hands, now)
    if kept is not None:
        await intakes.seen(
            db, vault, known.id, far_status=known.far_status or kept.document.status, far_updated_at=at, facts=known.facts,
            kept=replace(kept, text=said), at=now,
        )  # fmt: skip
    return Taken(known.id, Outcome.FOLLOWED, known.rma_id, why="message")


async def _conversation(db: Db, source: Source, letter: Message) -> tuple[str, Intake | None]:
    """Return under which reference a conversation goes by now, and what is known of it."""
    reference, known = letter.id, None
    for n in range(1, MOST_BEGUN + 1):
        reference = letter.id if n == 1 else f"{letter.id} ({n})"
        known = await intakes.find(db, source=source.key, external_id=fitting(reference))
        if known is None or known.state != "dismissed" or _is_before(letter, known):
            break
    return reference, known


def _is_before(letter: Message, known: Intake) -> bool:
    return known.far_updated_at is not None and letter.sent_at <= known.far_updated_at


def _after(known: Intake) -> datetime:
    assert known.far_updated_at is not None, "only then is a message late"
    return known.far_updated_at + timedelta(microseconds=1)


async def _draft(
    db: Db, vault: Vault, source: Source, letter: Message, reference: str, text: str, at: datetime, hands: Hands,
    now: datetime, *, sender: str | None = None,
) -> Taken:  # fmt: skip
    return await take_text(
        db, vault, source, text=text, reference=reference, at=at, hands=hands, now=now, sender=sender or letter.sender
    )


async def _hear(
    db: Db, source: Source, letter: Message, rma_id: UUID, inbox_id: UUID, hands: Hands, now: datetime
) -> None:
    about = await answered.opened(db, source.store_id, rma_id)
    if about is not None and letter.sender is not None and about.address == fold_email(letter.sender):
        facts: dict[str, object] = {"inbox_id": inbox_id, "same_address": True}
        actor = f"shopper:{about.person_id}"
        await hands.hear(db, rma_id=about.rma_id, text=letter.text, actor=actor, facts=facts, now=now)
    elif about is not None:  # of an erased person nothing new is kept
        await hands.note(db, rma_id=about.rma_id, text=letter.text, actor=source.actor, now=now)
