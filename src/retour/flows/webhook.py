"""What others tell us: verified, kept and answered by the web; worked on later by the worker, from current facts."""

import base64
import binascii
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID, uuid4

import msgspec

from retour.core.errors import Refused
from retour.core.order import Fetched
from retour.core.ports import Inbound, InboxEvent, Unreachable
from retour.core.shipping import TrackingEvent
from retour.store import connection, discrepancy, webhook
from retour.store.db import Database, Db
from retour.store.discrepancy import Owner
from retour.store.order import Mirrored, fold_name
from retour.store.vault import NotMyKey, Vault
from retour.store.webhook import Entry

Clock = Callable[[], datetime]

PATIENCE: Final = 8
ACTOR: Final = "inbox"
UNREADABLE: Final = "unreadable"
ASKED: Final = webhook.ASKED
_LONGEST: Final = 200
_NOT_KEPT: Final = frozenset({"note"})  # free text may name a person; the sealed body has it


class Answer(StrEnum):
    """What became of a delivery."""

    KEPT = "kept"
    DUPLICATE = "duplicate"
    NOT_AUTHENTIC = "not_authentic"


class ReadOrder(Protocol):
    """Reads an order from a connection's platform by ref or name; raises Unreachable. Called outside transactions."""

    def __call__(self, connection_id: UUID, *, ref: str | None, name: str | None) -> Awaitable[Fetched | None]: ...


class Mirror(Protocol):
    """Saves a fetched order inside the open transaction."""

    def __call__(
        self, db: Db, vault: Vault, *, connection_id: UUID, fetched: Fetched, at: datetime, cause: str | None = None
    ) -> Awaitable[Mirrored]: ...


OnTracking = Callable[[Db, TrackingEvent], Awaitable[None]]


class BecameOf(Protocol):
    """What became of a document: `problem` says why nothing did; the person it is about, if one is known."""

    @property
    def outcome(self) -> str: ...
    @property
    def problem(self) -> str | None: ...
    @property
    def intake_id(self) -> UUID | None: ...
    @property
    def person_id(self) -> UUID | None: ...


@dataclass(frozen=True, slots=True)
class Documents:
    """Who works on messages that are documents themselves, by their topics, inside the open transaction.

    `prepare` is done before, outside any transaction, for some of the topics: what takes its time, such as making
    pictures anew.
    """

    topics: frozenset[str]
    work: Callable[[Db, Entry, bytes], Awaitable[BecameOf]]
    prepare: Callable[[Entry], Awaitable[None]] | None = None
    prepared: frozenset[str] = frozenset()


# --- the web's half --------------------------------------------------------------------------------------------------


class Mailbox:
    """Takes deliveries for the connections of some platforms; an unknown connection costs the same as a known one."""

    def __init__(
        self, database: Database, vault: Vault, inbounds: Mapping[str, Inbound], *, always: frozenset[str] = frozenset()
    ) -> None:
        """`always` are topics that are taken from a connection that is not connected any more."""
        self._always = always
        self._database = database
        self._vault = vault
        self._inbounds = inbounds
        self._nobody = uuid4()
        self._dummy = seal_secrets(vault, [uuid4().bytes], tenant_id=self._nobody, connection_id=self._nobody)

    @property
    def platforms(self) -> frozenset[str]:
        """Return the platforms whose deliveries are taken."""
        return frozenset(self._inbounds)

    async def receive(
        self, *, platform: str, connection_id: UUID, headers: Mapping[str, str], raw: bytes, at: datetime
    ) -> Answer:
        """Verify a delivery over its raw bytes, then keep it and enqueue the work; change nothing otherwise."""
        async with self._database.tx(None) as db:
            tenant_id = await connection.route(db, connection_id) or self._nobody
        inbound = self._inbounds[platform]
        async with self._database.tx(tenant_id) as db:
            sealed, connected = await webhook.sealed_secrets(db, connection_id, platform)
            secrets = self._secrets(tenant_id, connection_id, sealed)
            authentic = inbound.verify(headers, raw, secrets, at)
            if not authentic or sealed is None:
                return Answer.NOT_AUTHENTIC
            said = _understood(inbound, headers, raw)
            if not connected and said.topic not in self._always:
                return Answer.NOT_AUTHENTIC
            kept = await webhook.receive(
                db, self._vault, tenant_id=tenant_id, connection_id=connection_id, raw=raw, at=at,
                source=f"{platform}:{connection_id}", event_id=_fitting(said.event_id), topic=_text(said.topic),
                object_ref=_text(said.object_ref) if said.object_ref else None, occurred_at=said.occurred_at,
                facts=_facts(said),
            )  # fmt: skip
        return Answer.KEPT if kept else Answer.DUPLICATE

    def _secrets(self, tenant_id: UUID, connection_id: UUID, sealed: bytes | None) -> Sequence[bytes]:
        """Return the secrets of the connection, or a secret nobody knows: the same work either way."""
        try:
            if sealed is not None:
                return open_secrets(self._vault, sealed, tenant_id=tenant_id, connection_id=connection_id)
        except NotMyKey:
            pass  # sealed by another installation: nothing can be authentic
        return open_secrets(self._vault, self._dummy, tenant_id=self._nobody, connection_id=self._nobody)


def seal_secrets(vault: Vault, secrets: Sequence[bytes], *, tenant_id: UUID, connection_id: UUID) -> bytes:
    """Return webhook secrets locked for `connection.sealed_webhook_secrets`."""
    plain = msgspec.json.encode([base64.b64encode(secret).decode() for secret in secrets])
    return vault.lock(plain, tenant_id=tenant_id, purpose=connection.secrets_purpose(connection_id))


def open_secrets(vault: Vault, sealed: bytes, *, tenant_id: UUID, connection_id: UUID) -> Sequence[bytes]:
    """Return the webhook secrets of a connection; raise NotMyKey if they were sealed for another."""
    plain = vault.unlock(sealed, tenant_id=tenant_id, purpose=connection.secrets_purpose(connection_id))
    try:
        return [base64.b64decode(text, validate=True) for text in msgspec.json.decode(plain, type=list[str])]
    except (msgspec.MsgspecError, binascii.Error) as error:
        raise NotMyKey("the webhook secrets cannot be read") from error


def _understood(inbound: Inbound, headers: Mapping[str, str], raw: bytes) -> InboxEvent:
    """Return what the delivery says; what cannot be read is kept all the same, under the hash of its bytes."""
    try:
        return inbound.parse(headers, raw)
    except Refused:
        return InboxEvent(hashlib.sha256(raw).hexdigest(), UNREADABLE, None, None)


def _fitting(event_id: str) -> str:
    """Return an event id that fits an index; two long ones never become one."""
    clean = event_id.replace("\0", "\ufffd")
    return clean if len(clean) <= _LONGEST else hashlib.sha256(event_id.encode("utf-8", "replace")).hexdigest()


def _text(value: str) -> str:
    return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()[:_LONGEST]


def _facts(said: InboxEvent) -> dict[str, str]:
    facts = {_text(name): _text(value) for name, value in said.facts.items() if name not in _NOT_KEPT}
    return facts | ({"order_ref": _text(said.order_ref)} if said.order_ref else {})


async def ask_for_order(
    db: Db, vault: Vault, *, tenant_id: UUID, connection_id: UUID, name: str, at: datetime
) -> UUID | None:
    """Ask the worker for an order that the mirror lacks; nothing if it was asked for in this minute already."""
    return await webhook.receive(
        db, vault, tenant_id=tenant_id, connection_id=connection_id, source=f"asked:{connection_id}", topic=ASKED,
        event_id=_fitting(f"{fold_name(name)}@{at:%Y-%m-%dT%H:%M}"), raw=b"", at=at, facts={"order_name": _text(name)},
    )  # fmt: skip


# --- the worker's half -----------------------------------------------------------------------------------------------


async def read_inbox(
    database: Database,
    vault: Vault,
    *,
    tenant_id: UUID,
    inbox_id: UUID,
    read: ReadOrder,
    mirror: Mirror,
    on_tracking: OnTracking,
    clock: Clock,
    documents: Documents | None = None,
) -> bool:
    """Work on one entry and return whether it is done; a failed try waits for its next turn.

    After eight failed tries a discrepancy opens and the entry comes back once a day.
    The order is read anew (the delivery is a hint) outside any transaction; saving it and marking the entry is one.
    """
    async with database.tx(tenant_id) as db:
        entry = await webhook.take(db, inbox_id, now=clock(), patience=PATIENCE)
        if entry is not None and entry.tries > PATIENCE:
            await _give_notice(db, entry, at=clock(), problem=entry.problem)
    if entry is None:
        return False
    tracking, fetched = _tracking(entry), None
    if documents is not None and documents.prepare is not None and entry.topic in documents.prepared:
        await documents.prepare(entry)
    try:
        if tracking is None and _names_an_order(entry):
            fetched = await read(
                entry.connection_id, ref=entry.facts.get("order_ref"), name=entry.facts.get("order_name")
            )  # fmt: skip
            if fetched is None and entry.topic != ASKED:
                return await _failed(database, tenant_id, entry, "order_not_found", clock())
        await database.run(
            tenant_id,
            lambda db: _work(
                db,
                vault,
                entry,
                tracking,
                fetched,
                mirror=mirror,
                on_tracking=on_tracking,
                at=clock(),
                documents=documents,
            ),
        )
    except Unreachable as far:
        return await _failed(database, tenant_id, entry, "unreachable", clock(), wait_s=far.retry_after_s)
    except Refused as refusal:
        return await _failed(database, tenant_id, entry, refusal.code, clock())
    except ValueError:  # a figure or text that no column can hold
        return await _failed(database, tenant_id, entry, "unreadable_order", clock())
    return True


def _names_an_order(entry: Entry) -> bool:
    return "order_ref" in entry.facts or "order_name" in entry.facts


def _tracking(entry: Entry) -> TrackingEvent | None:
    number = entry.facts.get("tracking_number")
    if number is None:
        return None
    return TrackingEvent(
        tracking_number=number,
        carrier=entry.facts.get("carrier") or entry.far_name,  # a carrier that does not name itself is its connection
        status=entry.facts.get("status", ""),
        occurred_at=entry.occurred_at or entry.received_at,
        reference=entry.facts.get("reference", ""),
    )


async def _work(
    db: Db,
    vault: Vault,
    entry: Entry,
    tracking: TrackingEvent | None,
    fetched: Fetched | None,
    *,
    mirror: Mirror,
    on_tracking: OnTracking,
    at: datetime,
    documents: Documents | None,
) -> None:
    if not await webhook.lock_open(db, entry.id):
        return
    problem, became = None, None
    if documents is not None and entry.topic in documents.topics:
        became = await documents.work(db, entry, await webhook.body(db, vault, entry.id) or b"")
        problem = became.problem
    elif tracking is not None:
        await on_tracking(db, tracking)
    elif fetched is not None:
        saved = await mirror(
            db, vault, connection_id=entry.connection_id, fetched=fetched, at=at, cause=f"inbox:{entry.id}"
        )  # fmt: skip
        await webhook.hand_over(db, vault, entry.id, person_id=saved.record.person_id)
    elif entry.topic == UNREADABLE:
        problem = UNREADABLE
    else:
        problem = "order_not_found" if entry.topic == ASKED else "nothing_to_do"
    if problem == UNREADABLE or (became is not None and became.problem):
        await discrepancy.open_(
            db, "webhook_unreadable", resource_kind="inbox", resource_id=entry.id, store_id=entry.store_id,
            owner=Owner.OPERATOR, next_step="Look at what was received and report it", at=at, actor=ACTOR,
            details={"source": entry.source} | ({"problem": problem} if became else {}),
        )  # fmt: skip
    if became is not None and became.person_id is not None:
        await webhook.hand_over(db, vault, entry.id, person_id=became.person_id)
    await webhook.done(
        db, entry.id, at=at, problem=problem, outcome=became.outcome if became else None,
        intake_id=became.intake_id if became else None,
    )  # fmt: skip
    if entry.tries > 1:
        await discrepancy.resolve(
            db, "webhook_not_read", resource_kind="inbox", resource_id=entry.id, by=ACTOR, at=at
        )  # fmt: skip


async def _failed(
    database: Database, tenant_id: UUID, entry: Entry, problem: str, now: datetime, *, wait_s: float = 0.0
) -> bool:
    async with database.tx(tenant_id) as db:
        await webhook.put_off(db, entry.id, problem=problem, not_before=now + timedelta(seconds=wait_s))
        if entry.tries >= PATIENCE:
            await _give_notice(db, entry, at=now, problem=problem)
    return False


async def _give_notice(db: Db, entry: Entry, *, at: datetime, problem: str | None) -> None:
    """Tell the operator about an entry that keeps failing; it stays in the inbox and is tried daily."""
    details = {"source": entry.source, "topic": entry.topic, "tries": entry.tries, "problem": problem}
    await discrepancy.open_(
        db, "webhook_not_read", resource_kind="inbox", resource_id=entry.id, store_id=entry.store_id,
        owner=Owner.OPERATOR, next_step="Find out why this message cannot be worked on", at=at, actor=ACTOR,
        details=details,
    )  # fmt: skip
