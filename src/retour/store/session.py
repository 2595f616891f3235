"""Sessions of the staff, links that let somebody set a password, and how often was tried in vain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from retour.core.account import Role
from retour.core.sign_in import Tries
from retour.store.db import Db

ROUTE: Final = "SELECT tenant_id FROM route_session($1)"
ROUTE_LINK: Final = "SELECT tenant_id FROM route_password_link($1)"

ADD: Final = """
INSERT INTO session (tenant_id, id, staff_id, token_sha256, store_id, user_agent, created_at, seen_at, expires_at)
VALUES (current_tenant(), $1, $2, $3, $4, $5, $6, $6, $7)
"""
# Everything that a page needs to know of who is there, in one statement.
READ: Final = """
SELECT s.id AS session_id, s.staff_id, s.store_id, s.seen_at, f.name, f.email, f.role, f.language,
       coalesce((SELECT t.timezone FROM store t
                  WHERE t.tenant_id = s.tenant_id AND (s.store_id IS NULL OR t.id = s.store_id)
                  ORDER BY t.created_at, t.id LIMIT 1), 'UTC') AS timezone,
       coalesce((SELECT jsonb_agg(jsonb_build_array(t.id, t.shop_name) ORDER BY t.shop_name)
                   FROM store t WHERE t.tenant_id = s.tenant_id), '[]') AS stores
  FROM session s JOIN staff f ON f.tenant_id = s.tenant_id AND f.id = s.staff_id
 WHERE s.tenant_id = current_tenant() AND s.token_sha256 = $1 AND s.ended_at IS NULL AND s.expires_at > $2::timestamptz
   AND s.seen_at > $2::timestamptz - $3::interval AND f.disabled_at IS NULL
"""
TOUCH: Final = """
UPDATE session SET seen_at = $2
 WHERE tenant_id = current_tenant() AND id = $1 AND ended_at IS NULL AND seen_at < $2
"""
CHOOSE: Final = "UPDATE session SET store_id = $2 WHERE tenant_id = current_tenant() AND id = $1 AND ended_at IS NULL"
END: Final = """
UPDATE session SET ended_at = $2
 WHERE tenant_id = current_tenant() AND id = $1 AND staff_id = $3 AND ended_at IS NULL RETURNING id
"""
END_OF_BROWSER: Final = """
UPDATE session SET ended_at = $2 WHERE tenant_id = current_tenant() AND token_sha256 = $1 AND ended_at IS NULL
"""
END_ALL: Final = """
UPDATE session SET ended_at = $2
 WHERE tenant_id = current_tenant() AND staff_id = $1 AND ended_at IS NULL AND id IS DISTINCT FROM $3 RETURNING id
"""
LIST: Final = """
SELECT id, user_agent, created_at, seen_at
  FROM session
 WHERE tenant_id = current_tenant() AND staff_id = $1 AND ended_at IS NULL AND expires_at > $2::timestamptz
   AND seen_at > $2::timestamptz - $3::interval
 ORDER BY seen_at DESC, id LIMIT 100
"""
LAST_SEEN: Final = """
SELECT staff_id, max(seen_at) AS seen_at FROM session WHERE tenant_id = current_tenant() GROUP BY staff_id
"""

ADD_LINK: Final = """
WITH replaced AS (
  UPDATE password_link SET ended_at = $4 WHERE tenant_id = current_tenant() AND staff_id = $2 AND ended_at IS NULL)
INSERT INTO password_link (tenant_id, id, staff_id, token_sha256, created_at, expires_at)
VALUES (current_tenant(), $1, $2, $3, $4, $5)
"""
OPEN_LINK: Final = """
SELECT l.id, l.staff_id, f.name, f.email
  FROM password_link l JOIN staff f ON f.tenant_id = l.tenant_id AND f.id = l.staff_id
 WHERE l.tenant_id = current_tenant() AND l.token_sha256 = $1 AND l.ended_at IS NULL AND l.expires_at > $2::timestamptz
   AND f.disabled_at IS NULL
   FOR UPDATE OF l
"""
END_LINK: Final = "UPDATE password_link SET ended_at = $2 WHERE tenant_id = current_tenant() AND id = $1"

END_LINKS: Final = """
UPDATE password_link SET ended_at = $2 WHERE tenant_id = current_tenant() AND staff_id = $1 AND ended_at IS NULL
"""

MEET: Final = """
INSERT INTO sign_in_try (subject, last_at) SELECT subject, $2 FROM unnest($1::bytea[]) AS s (subject) ORDER BY subject
ON CONFLICT (subject) DO NOTHING
"""
LOCK_TRIES: Final = """
SELECT subject, failures, last_at FROM sign_in_try WHERE subject = ANY ($1::bytea[]) ORDER BY subject FOR UPDATE
"""
COUNT: Final = """
UPDATE sign_in_try SET failures = CASE WHEN last_at < $2::timestamptz - $3::interval THEN 1 ELSE failures + 1 END, last_at = $2
 WHERE subject = ANY ($1::bytea[])
"""
UNCOUNT: Final = "UPDATE sign_in_try SET failures = greatest(0, failures - 1) WHERE subject = ANY ($1::bytea[])"
FORGIVE: Final = "DELETE FROM sign_in_try WHERE subject = ANY ($1::bytea[])"
FORGET: Final = """
DELETE FROM sign_in_try WHERE subject IN (
  SELECT subject FROM sign_in_try WHERE last_at < $1 ORDER BY last_at LIMIT 200 FOR UPDATE SKIP LOCKED)
"""


@dataclass(frozen=True, slots=True)
class LiveSession:
    """Who is signed in, and what they may choose from; `store_id` None means all stores."""

    session_id: UUID
    staff_id: UUID
    store_id: UUID | None
    seen_at: datetime
    name: str
    email: str
    role: Role
    language: str | None
    timezone: str
    stores: tuple[tuple[UUID, str], ...]


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session as its owner sees it."""

    id: UUID
    user_agent: str
    created_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class PasswordLink:
    """A link that lets a member of the staff set a password, and whose it is."""

    id: UUID
    staff_id: UUID
    name: str
    email: str


async def route(db: Db, token_sha256: bytes) -> UUID | None:
    """Return the tenant of a session, before any tenant is set."""
    found: UUID | None = await db.fetchval(ROUTE, token_sha256)
    return found


async def route_link(db: Db, token_sha256: bytes) -> UUID | None:
    """Return the tenant of a password link, before any tenant is set."""
    found: UUID | None = await db.fetchval(ROUTE_LINK, token_sha256)
    return found


async def add(
    db: Db, *, session_id: UUID, staff_id: UUID, token_sha256: bytes, store_id: UUID | None, user_agent: str,
    created_at: datetime, expires_at: datetime,
) -> None:  # fmt: skip
    """Write a session: the hash of its token, never the token."""
    await db.execute(ADD, session_id, staff_id, token_sha256, store_id, user_agent[:300], created_at, expires_at)


async def read(db: Db, token_sha256: bytes, *, idle: timedelta, now: datetime) -> LiveSession | None:
    """Return who is signed in by a token: nothing if it ended, expired, idled too long, or its member is disabled."""
    row = await db.fetchrow(READ, token_sha256, now, idle)
    if row is None:
        return None
    stores = tuple((UUID(store_id), name) for store_id, name in row["stores"])
    return LiveSession(**{**row, "role": Role(row["role"]), "stores": stores})


async def touch(db: Db, session_id: UUID, *, at: datetime) -> None:
    """Write when a session was last seen."""
    await db.execute(TOUCH, session_id, at)


async def choose_store(db: Db, session_id: UUID, store_id: UUID | None) -> None:
    """Write which store a session looks at; none means all."""
    await db.execute(CHOOSE, session_id, store_id)


async def end(db: Db, session_id: UUID, *, staff_id: UUID, at: datetime) -> bool:
    """End one session of a member; return whether it was open."""
    return await db.fetchval(END, session_id, at, staff_id) is not None


async def end_by_token(db: Db, token_sha256: bytes, *, at: datetime) -> None:
    """End the session of a token, whoever's it is in this account."""
    await db.execute(END_OF_BROWSER, token_sha256, at)


async def end_all(db: Db, staff_id: UUID, *, but: UUID | None, at: datetime) -> int:
    """End all sessions of a member except one; return how many."""
    return len(await db.fetch(END_ALL, staff_id, at, but))


async def sessions(db: Db, staff_id: UUID, *, idle: timedelta, now: datetime) -> list[SessionRow]:
    """Return the open sessions of a member, last seen first."""
    return [SessionRow(**row) for row in await db.fetch(LIST, staff_id, now, idle)]


async def last_seen(db: Db) -> Mapping[UUID, datetime]:
    """Return when each member of the staff was last seen."""
    return {row["staff_id"]: row["seen_at"] for row in await db.fetch(LAST_SEEN)}


async def add_link(
    db: Db, *, link_id: UUID, staff_id: UUID, token_sha256: bytes, created_at: datetime, expires_at: datetime
) -> None:
    """Write a password link; the older ones of the same member are over."""
    await db.execute(ADD_LINK, link_id, staff_id, token_sha256, created_at, expires_at)


async def open_link(db: Db, token_sha256: bytes, *, now: datetime) -> PasswordLink | None:
    """Return and lock the link of a token; nothing if it was used, replaced, expired, or its member is disabled."""
    row = await db.fetchrow(OPEN_LINK, token_sha256, now)
    return PasswordLink(**row) if row else None


async def end_link(db: Db, link_id: UUID, *, at: datetime) -> None:
    """Let a link be used no more."""
    await db.execute(END_LINK, link_id, at)


async def end_links(db: Db, staff_id: UUID, *, at: datetime) -> None:
    """Let no open link of a member be used."""
    await db.execute(END_LINKS, staff_id, at)


async def lock_tries(db: Db, subjects: Sequence[bytes], *, now: datetime) -> Mapping[bytes, Tries]:
    """Return how often each subject failed and when last, locked until the transaction ends."""
    await db.execute(MEET, list(subjects), now)
    rows = await db.fetch(LOCK_TRIES, list(subjects))
    return {row["subject"]: Tries(row["failures"], row["last_at"]) for row in rows}


async def count_try(db: Db, subjects: Sequence[bytes], *, forgotten_after: timedelta, now: datetime) -> None:
    """Count a try of each subject as vain."""
    await db.execute(COUNT, list(subjects), now, forgotten_after)


async def uncount_try(db: Db, subjects: Sequence[bytes]) -> None:
    """Take back one count of each subject: the try was not vain."""
    await db.execute(UNCOUNT, list(subjects))


async def forgive(db: Db, subjects: Sequence[bytes]) -> None:
    """Forget the vain tries of subjects."""
    await db.execute(FORGIVE, list(subjects))


async def forget_tries(db: Db, *, before: datetime) -> None:
    """Forget tries that are older, two hundred at a time."""
    await db.execute(FORGET, before)
