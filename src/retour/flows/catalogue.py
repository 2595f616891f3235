"""Asking a shop's catalogue for the new article of an exchange: the page asks, a job answers, the page looks again."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from retour.core.article import PATIENCE, SEARCH_MOST, SEARCHES, Question, plain
from retour.core.errors import Refused
from retour.core.ports import Article, Unreachable
from retour.store import article as articles
from retour.store import jobs
from retour.store import picture as pictures
from retour.store import visit as visits
from retour.store.article import Asked
from retour.store.db import Database, Db
from retour.store.vault import Vault

Clock = Callable[[], datetime]
LEASE: Final = timedelta(seconds=20)
AGAIN: Final = timedelta(seconds=15)  # when a question that came to nothing may be asked anew


class Read(Protocol):
    """Reads the catalogue of a connection's platform; raises Unreachable. Called outside transactions."""

    def __call__(
        self, connection_id: UUID, question: Question, said: str, country: str | None
    ) -> Awaitable[tuple[Article, ...]]: ...


async def variants(
    db: Db, *, connection_id: UUID, product_ref: str, country: str | None, now: datetime, again: bool = True
) -> Asked | None:
    """Return what the catalogue says of a product's variants; it is asked where nobody has lately, unless not `again`."""
    if again:
        await articles.ask(
            db, connection_id=connection_id, question=Question.VARIANTS, said=product_ref, country=country,
            again=AGAIN, now=now,
        )  # fmt: skip
    return await articles.answer_to(
        db, connection_id=connection_id, question=Question.VARIANTS, said=product_ref, country=country
    )


async def search(
    db: Db, vault: Vault, *, tenant_id: UUID, who: UUID, connection_id: UUID, words: str, country: str | None,
    now: datetime,
) -> UUID:  # fmt: skip
    """Search the catalogue for a shopper (`who` is their visit) or a member of the staff and return the question.

    Raises Refused: `nothing_given` without a word, `text_too_long`, `too_many_requests` with `wait_s`.
    """
    said = plain(words)
    if not any(sign.isalnum() for sign in said):
        raise Refused("nothing_given", "name what is wanted", field="words")
    if len(said) > SEARCH_MOST:
        raise Refused("text_too_long", "fewer words find more", field="words")
    known = await articles.answer_to(
        db, connection_id=connection_id, question=Question.SEARCH, said=said, country=country
    )
    if known is None or known.answered_at is None:
        key = _bucket(vault, tenant_id, who)
        due_at = await visits.spend(db, "search", key, SEARCHES, now=now)
        if due_at is not None:
            wait = max(1, round((due_at - now).total_seconds()))
            raise Refused("too_many_requests", "wait before the next search", facts={"wait_s": wait})
    asked = await articles.ask(
        db, connection_id=connection_id, question=Question.SEARCH, said=said, country=country, again=AGAIN, now=now
    )
    if asked is not None:
        return asked
    known = await articles.answer_to(
        db, connection_id=connection_id, question=Question.SEARCH, said=said, country=country
    )
    assert known is not None, "it was asked before"
    return known.id


def _bucket(vault: Vault, tenant_id: UUID, who: UUID) -> bytes:
    return vault.derive(tenant_id=tenant_id, purpose=f"search:{who}")[:32]


async def answer(database: Database, *, tenant_id: UUID, ask_id: UUID, read: Read, clock: Clock) -> None:
    """Ask the platform one question that is due and keep what it says; what is over is forgotten on the way.

    Where it cannot be asked it is tried again for a short while, then given up: whoever waits chooses later.
    """
    now = clock()
    async with database.tx(tenant_id) as db:
        await articles.forget(db, at=now)
        taken = await articles.take(db, ask_id, now=now, lease_until=now + LEASE)
    if taken is None:
        return
    try:
        found = await read(taken.connection_id, taken.question, taken.said, taken.country)
    except Unreachable as far:
        due_at = clock() + timedelta(seconds=max(2.0, far.retry_after_s))
        async with database.tx(tenant_id) as db:
            if due_at < taken.asked_at + PATIENCE and not far.needs_reconnect:
                await articles.put_off(db, ask_id, asked_at=taken.asked_at, due_at=due_at)
            else:
                await articles.give_up(db, ask_id, asked_at=taken.asked_at, problem="unreachable", at=clock())
        return
    async with database.tx(tenant_id) as db:
        at = clock()
        await articles.answer(db, ask_id, asked_at=taken.asked_at, articles=found, at=at)
        wanted = await pictures.want(db, urls=[one.picture_url for one in found], at=at)
        await jobs.defer(db, [jobs.Job(jobs.Task.FETCH_PICTURE, picture) for picture in wanted])
