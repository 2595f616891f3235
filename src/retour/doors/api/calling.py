"""Carry out one call: admit, read, open the transaction, do, keep the answer, commit, and only then answer."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from asyncpg import IntegrityConstraintViolationError
from litestar import Request, Response

from retour.core.errors import Refused
from retour.doors.api.operation import Call, Operation, Rules
from retour.doors.api.reading import BodyReader, read_query
from retour.doors.api.roles import may
from retour.store import idempotency
from retour.store.db import Database, Db
from retour.store.policy import PolicyCache
from retour.store.vault import Vault
from retour.web.caller import Caller
from retour.web.problem import ProblemError
from retour.web.sign_in import Doorkeeper, key_of

PDF: Final = "application/pdf"
FILE: Final = "application/octet-stream"
NO_STORE: Final = {"Cache-Control": "no-store"}
REPLAYED: Final = {"Cache-Control": "no-store", "Idempotency-Replayed": "true"}
_IDEMPOTENCY_KEY: Final = re.compile(r"[!-~]{1,255}")
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_encoder: Final = msgspec.json.Encoder()

AnyRequest = Request[Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Desk:
    """What every call needs of this process."""

    database: Database
    vault: Vault
    doorkeeper: Doorkeeper
    policies: PolicyCache
    rules: Rules


class Answering:
    """Answers the calls of one operation."""

    def __init__(self, operation: Operation, desk: Desk) -> None:
        self._operation, self._desk = operation, desk
        self._body = BodyReader(operation.body) if operation.body else None

    async def __call__(self, request: AnyRequest) -> Response[bytes]:
        """Return the answer of a call; everything that stops it is an exception that becomes a problem."""
        operation, headers, now = self._operation, request.headers, datetime.now(UTC)
        key_text = key_of(headers.get("x-api-key"), headers.get("authorization"))
        named = _text(headers.get("retour-account"))
        caller = await self._desk.doorkeeper.admit(key_text, now=now, account=named)
        if not may(caller.role, operation.id):
            raise Refused("forbidden", f"the role {caller.role.value} may not do this")
        resource = path_id(request.path_params.get("id"), operation.missing)
        store = await self._store(caller, _text(headers.get("x-shop-name")), key_text or "", now)
        if operation.changes:
            return await self._write(request, caller, store, resource, now)
        if self._body:
            asked = self._body.read(await request.body(), headers.get("content-type"))
        else:
            asked = read_query(operation.query, request.scope["query_string"]) if operation.query else None
        async with self._desk.database.tx(caller.tenant_id) as db:
            found = await operation.do(self._call(db, caller, store, resource, now, keeps_nothing), asked)
        if operation.paper is not None:
            content = await operation.paper(found)
            return Response(content, status_code=operation.status, headers=NO_STORE, media_type=operation.media)
        return encoded(found, operation.status, NO_STORE)

    async def _write(
        self, request: AnyRequest, caller: Caller, store: UUID | None, resource: UUID | None, now: datetime
    ) -> Response[bytes]:
        key = _kept_as(_idempotency_key(request.headers.get("idempotency-key")), caller)
        body = await request.body()
        asked = await self._read(body, request.headers.get("content-type"))
        wanted = _fingerprint(self._operation.method, request.scope["path"], store, body)

        async def work(db: Db) -> bytes:
            keeping = _Keeping(key, wanted, self._operation.status, caller.tenant_id, self._desk.vault)
            done = await self._operation.do(self._call(db, caller, store, resource, now, keeping), asked)
            if keeping.plain is None:
                await idempotency.keep(db, keeping(done))
            assert keeping.plain is not None
            return keeping.plain

        try:
            content = await self._desk.database.run(caller.tenant_id, work)
        except (idempotency.KeyTaken, Refused, IntegrityConstraintViolationError):
            # Rolled back. What the first request changed may be the very reason why the second was refused.
            replay = await self._replay(caller.tenant_id, key, wanted)
            if replay is None:
                raise
            return replay
        return _answer(content, self._operation.status, NO_STORE)

    async def _read(self, body: bytes, content_type: str | None) -> Any:
        """Return what a write gets: the decoded body, what a file was made into, or nothing."""
        raw = self._operation.raw
        if raw is None:
            return self._body.read(body, content_type) if self._body else None
        if (content_type or "").partition(";")[0].strip().lower() != FILE:
            raise ProblemError(415, "unsupported_media_type", f"send the file itself as {FILE}")
        return await raw.read(body)

    async def _replay(self, tenant_id: UUID, key: str, wanted: bytes) -> Response[bytes] | None:
        """Return the first answer to the key; refuse idempotency_key_reused if it answered something else."""
        async with self._desk.database.tx(tenant_id) as db:
            kept = await idempotency.find(db, key)
        if kept is None:
            return None
        if kept.request_hash != wanted:
            raise Refused("idempotency_key_reused", "the Idempotency-Key belongs to another request")
        content = self._desk.vault.unlock(kept.body, tenant_id=tenant_id, purpose=_purpose(key))
        return _answer(content, kept.status, REPLAYED)

    async def _store(self, caller: Caller, shop_name: str | None, key_text: str, now: datetime) -> UUID | None:
        if shop_name is None and not self._operation.needs_store:
            return None
        return await self._desk.doorkeeper.choose_store(caller, shop_name, key_text, now=now)

    def _call(
        self,
        db: Db,
        caller: Caller,
        store: UUID | None,
        resource: UUID | None,
        now: datetime,
        keep: Callable[[object], idempotency.Answer],
    ) -> Call:
        return Call(db, self._desk.vault, caller, store, resource, now, self._desk.policies, self._desk.rules, keep)


@dataclass(slots=True)
class _Keeping:
    """Makes the answer to be kept under a key; `plain` is what was answered, once it was made."""

    key: str
    request_hash: bytes
    status: int
    tenant_id: UUID
    vault: Vault
    plain: bytes | None = None

    def __call__(self, done: object) -> idempotency.Answer:
        self.plain = b"" if done is None else _encoder.encode(done)
        locked = self.vault.lock(self.plain, tenant_id=self.tenant_id, purpose=_purpose(self.key))
        return idempotency.Answer(self.key, self.request_hash, self.status, locked)


def keeps_nothing(_: object) -> idempotency.Answer:
    """Keep no answer of a call that only reads."""
    raise AssertionError("what only reads is not kept")


def encoded(found: object, status: int, headers: dict[str, str]) -> Response[bytes]:
    """Return an answer as JSON."""
    return _answer(_encoder.encode(found), status, headers)


def _answer(content: bytes, status: int, headers: dict[str, str]) -> Response[bytes]:
    return Response(content, status_code=status, headers=headers, media_type="application/json" if content else None)


def _purpose(key: str) -> str:
    return f"idempotency:{key}"


def path_id(text: str | None, missing: str) -> UUID | None:
    """Return the id of a path; refuse one that cannot be an id with the code of what is missing."""
    if text is None:
        return None
    if not _UUID.fullmatch(text):
        raise Refused(missing if missing.endswith("_not_found") else "resource_not_found", "there is no such thing")
    return UUID(text)


def _idempotency_key(text: str | None) -> str:
    if not text:
        raise ProblemError(400, "idempotency_key_missing", "send an Idempotency-Key with every write")
    if not _IDEMPOTENCY_KEY.fullmatch(text):
        raise ProblemError(400, "idempotency_key_invalid", "an Idempotency-Key is 1 to 255 visible ASCII characters")
    return text


def _kept_as(text: str, caller: Caller) -> str:
    """Return what an Idempotency-Key is called in the account: the merchant's keep their text, and share it among the
    merchant's API keys, so that a repeat under a new API key is still a repeat.

    Those of an integrator are its own: the blank, which no key that is sent can have, parts them from the merchant's, and
    the digest keeps the longest key within the 255 characters of the column.
    """
    whose = caller.integrator
    return text if whose is None else f"isv {whose} {hashlib.sha256(text.encode()).hexdigest()}"


def _fingerprint(method: str, path: str, store: UUID | None, body: bytes) -> bytes:
    """Return what a request is known by beside its key."""
    return hashlib.sha256(b"\n".join((method.encode(), path.encode(), str(store).encode(), body))).digest()


def _text(header: str | None) -> str | None:
    """Return a header as UTF-8, which is how names beyond Latin-1 are sent."""
    if header is None:
        return None
    try:
        return header.encode("latin-1").decode()
    except UnicodeError:
        return header
