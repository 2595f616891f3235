"""The articles of exchanges as rows: what the shop's catalogue was asked and said, and what was chosen for a line."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from retour.core.article import FRESH, KEPT, Question, question_key
from retour.core.ports import Article
from retour.store import jobs
from retour.store.db import Db, Record
from retour.store.ids import new_id

# One question is asked once while its answer is fresh; one that nobody answers is asked again after a while.
ASK: Final = """
INSERT INTO catalogue_ask AS a (tenant_id, id, connection_id, kind, key, question, country, asked_at, due_at, expires_at)
VALUES (current_tenant(), $1, $2, $3, $4, $5, $6, $7, $7, $8)
ON CONFLICT (tenant_id, connection_id, key) DO UPDATE
   SET question = excluded.question, articles = NULL, problem = NULL, asked_at = excluded.asked_at, answered_at = NULL,
       due_at = excluded.due_at, expires_at = excluded.expires_at
 WHERE coalesce(a.answered_at, a.asked_at) <= $7::timestamptz - CASE WHEN a.problem IS NULL THEN $9::interval ELSE $10::interval END
RETURNING id
"""
OF_KEY: Final = """
SELECT id, kind, articles, problem, asked_at, answered_at, country FROM catalogue_ask
 WHERE tenant_id = current_tenant() AND connection_id = $1 AND key = $2
"""
OF_ID: Final = """
SELECT id, kind, articles, problem, asked_at, answered_at, country FROM catalogue_ask
 WHERE tenant_id = current_tenant() AND connection_id = $1 AND id = $2
"""
TAKE: Final = """
UPDATE catalogue_ask SET due_at = $3
 WHERE tenant_id = current_tenant() AND id = $1 AND due_at <= $2 AND question IS NOT NULL
RETURNING connection_id, kind, question, country, asked_at
"""
ANSWER: Final = """
UPDATE catalogue_ask SET articles = $3, answered_at = $4, due_at = NULL, question = NULL
 WHERE tenant_id = current_tenant() AND id = $1 AND asked_at = $2
"""
PUT_OFF: Final = """
UPDATE catalogue_ask SET due_at = $3 WHERE tenant_id = current_tenant() AND id = $1 AND asked_at = $2 AND question IS NOT NULL
"""
DUE_NOW: Final = """
UPDATE catalogue_ask SET due_at = $2 WHERE tenant_id = current_tenant() AND id = $1 AND question IS NOT NULL
"""
GIVE_UP: Final = """
UPDATE catalogue_ask SET problem = $3, answered_at = $4, due_at = NULL, question = NULL
 WHERE tenant_id = current_tenant() AND id = $1 AND asked_at = $2
"""
FORGET: Final = "DELETE FROM catalogue_ask WHERE tenant_id = current_tenant() AND expires_at <= $1"
# The latest word on each article.
KNOWN: Final = """
SELECT DISTINCT ON (one ->> 'ref') one
  FROM catalogue_ask a, jsonb_array_elements(a.articles) AS one
 WHERE a.tenant_id = current_tenant() AND a.connection_id = $1 AND a.answered_at > $2 AND a.articles IS NOT NULL
   AND a.country IS NOT DISTINCT FROM $3 AND one ->> 'ref' = ANY ($4::text[])
 ORDER BY one ->> 'ref', a.answered_at DESC
"""
CHOOSE: Final = """
INSERT INTO wanted_article (tenant_id, return_line_id, rma_id, article, actor, at, shown)
SELECT current_tenant(), c.line_id, $1, c.article, $2, $3, c.shown::jsonb
  FROM unnest($4::uuid[], $5::text[], $6::text[]) AS c (line_id, article, shown)
ON CONFLICT (tenant_id, return_line_id) DO UPDATE
   SET article = excluded.article, actor = excluded.actor, at = excluded.at, shown = excluded.shown
"""
CHOSEN: Final = """
SELECT return_line_id, article, actor, at, CASE WHEN shown ->> 'article' = article THEN shown END AS shown
  FROM wanted_article WHERE tenant_id = current_tenant() AND rma_id = $1
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to a catalogue; `articles` once it was answered, `problem` where nobody will, neither while it waits."""

    id: UUID
    question: Question
    articles: tuple[Article, ...] | None
    problem: str | None
    asked_at: datetime
    answered_at: datetime | None

    @property
    def waits(self) -> bool:
        """Return whether the answer may still come."""
        return self.articles is None and self.problem is None


@dataclass(frozen=True, slots=True)
class Taken:
    """A question that is being asked now."""

    connection_id: UUID
    question: Question
    said: str
    country: str | None
    asked_at: datetime


class Shown(msgspec.Struct, frozen=True):
    """What was shown of an article when it was chosen; its price for one unit in minor units."""

    article: str
    title: str
    price_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Choice:
    """The article that a line is exchanged for, by its ref or SKU; `shown` where somebody chose it from the catalogue."""

    article: str
    actor: str
    at: datetime
    shown: Shown | None = None

    @property
    def title(self) -> str:
        """Return what people call it."""
        return self.shown.title if self.shown else self.article


async def ask(
    db: Db, *, connection_id: UUID, question: Question, said: str, country: str | None, again: timedelta, now: datetime
) -> UUID | None:  # fmt: skip
    """Ask a catalogue, with a job, unless its answer is fresh or on its way; return the question if it was asked now.

    One that came to nothing is asked again `again` later.
    """
    asked: UUID | None = await db.fetchval(
        ASK, new_id(), connection_id, question.value, question_key(question, said, country), said, country, now,
        now + KEPT, FRESH, again,
    )  # fmt: skip
    if asked is not None:
        await jobs.defer(db, [jobs.Job(jobs.Task.CATALOGUE, asked)])
    return asked


async def answer_to(
    db: Db, *, connection_id: UUID, question: Question, said: str, country: str | None
) -> Asked | None:  # fmt: skip
    """Return a question with its answer so far, or nothing."""
    row = await db.fetchrow(OF_KEY, connection_id, question_key(question, said, country))
    return _asked(row) if row else None


async def get(db: Db, *, connection_id: UUID, ask_id: UUID) -> Asked | None:
    """Return a question to the catalogue of that connection by its id, or nothing."""
    row = await db.fetchrow(OF_ID, connection_id, ask_id)
    return _asked(row) if row else None


async def take(db: Db, ask_id: UUID, *, now: datetime, lease_until: datetime) -> Taken | None:
    """Return a question that is due and keep others from asking it until then; nothing if it is not."""
    row = await db.fetchrow(TAKE, ask_id, now, lease_until)
    if row is None:
        return None
    return Taken(row["connection_id"], Question(row["kind"]), row["question"], row["country"], row["asked_at"])


async def answer(db: Db, ask_id: UUID, *, asked_at: datetime, articles: Collection[Article], at: datetime) -> None:
    """Keep what the catalogue said; what was asked is forgotten with it."""
    await db.execute(ANSWER, ask_id, asked_at, list(articles), at)


async def put_off(db: Db, ask_id: UUID, *, asked_at: datetime, due_at: datetime) -> None:
    """Ask again later."""
    await db.execute(PUT_OFF, ask_id, asked_at, due_at)


async def pass_on(db: Db, ask_id: UUID, *, at: datetime) -> None:
    """Let the executor ask at once, with a job: only it can open the platform's credential."""
    await db.execute(DUE_NOW, ask_id, at)
    await jobs.defer(db, [jobs.Job(jobs.Task.CATALOGUE, ask_id, jobs.Queue.MONEY)])


async def give_up(db: Db, ask_id: UUID, *, asked_at: datetime, problem: str, at: datetime) -> None:
    """Say that nobody will answer."""
    await db.execute(GIVE_UP, ask_id, asked_at, problem, at)


async def forget(db: Db, *, at: datetime) -> None:
    """Forget what is over."""
    await db.execute(FORGET, at)


async def known(
    db: Db, *, connection_id: UUID, country: str | None, refs: Collection[str], now: datetime
) -> dict[str, Article]:  # fmt: skip
    """Return what the catalogue said lately of these articles, by their refs; those it did not name are left out."""
    rows = await db.fetch(KNOWN, connection_id, now - FRESH, country, sorted(refs)) if refs else []
    found = [msgspec.convert(row["one"], Article) for row in rows]
    return {article.ref: article for article in found}


async def choose(
    db: Db, *, rma_id: UUID, chosen: Mapping[UUID, tuple[str, Shown | None]], actor: str, at: datetime
) -> None:
    """Write which article each line of a return is exchanged for, with what was shown of it if anything was."""
    shown = [None if one is None else msgspec.json.encode(one).decode() for _, one in chosen.values()]
    await db.execute(CHOOSE, rma_id, actor, at, list(chosen), [article for article, _ in chosen.values()], shown)


async def chosen(db: Db, rma_id: UUID) -> dict[UUID, Choice]:
    """Return the articles that the lines of a return are exchanged for, by the id of the line."""
    return {
        row["return_line_id"]: Choice(
            row["article"], row["actor"], row["at"], msgspec.convert(row["shown"], Shown) if row["shown"] else None
        )
        for row in await db.fetch(CHOSEN, rma_id)
    }


def _asked(row: Record) -> Asked:
    articles = row["articles"]
    return Asked(
        row["id"], Question(row["kind"]), None if articles is None else msgspec.convert(articles, tuple[Article, ...]),
        row["problem"], row["asked_at"], row["answered_at"],
    )  # fmt: skip
