"""What an operation of the API is: its place, its shapes, and the one function that carries it out."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from retour.store.db import Db
from retour.store.idempotency import Answer
from retour.store.policy import PolicyCache
from retour.store.vault import Vault
from retour.web.caller import Caller


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operator of this installation allows."""

    allow_private_urls: bool = False
    public_url: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One admitted call inside its open transaction; `resource_id` is the id of the path."""

    db: Db
    vault: Vault
    caller: Caller
    store: UUID | None
    resource: UUID | None
    now: datetime
    policies: PolicyCache
    rules: Rules
    keep: Callable[[object], Answer]  # makes the kept answer of a write; whoever calls it writes it down

    @property
    def tenant_id(self) -> UUID:
        """Return the account that calls."""
        return self.caller.tenant_id

    @property
    def actor(self) -> str:
        """Return how events name the caller."""
        return self.caller.actor

    @property
    def store_id(self) -> UUID:
        """Return the store of an operation that needs one."""
        assert self.store is not None, "the operation is not declared with needs_store"
        return self.store

    @property
    def resource_id(self) -> UUID:
        """Return the id in the path."""
        assert self.resource is not None, "the path has no id"
        return self.resource


@dataclass(frozen=True, slots=True)
class RawBody:
    """A file as the body, sent as it is; `read` makes of its bytes what the operation gets, before the transaction."""

    most_bytes: int
    read: Callable[[bytes], Awaitable[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path under /api/v1; `do` gets the call and the decoded body (writes) or query (reads)."""

    id: str
    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    tag: str
    summary: str
    do: Callable[[Call, Any], Awaitable[Any]]
    answer: type[msgspec.Struct] | None = None
    status: int = 200
    body: type[msgspec.Struct] | None = None
    raw: RawBody | None = None
    query: type[msgspec.Struct] | None = None
    needs_store: bool = False
    missing: str = "not_found"  # the code for an id in the path that cannot be one
    description: str = ""
    writes: bool | None = None  # by default every method but GET
    paper: Callable[[Any], Awaitable[bytes]] | None = None  # makes a file of what `do` found, after the transaction
    media: str = "application/pdf"  # of that file

    @property
    def changes(self) -> bool:
        """Return whether the operation changes something, and so demands an Idempotency-Key."""
        return self.method != "GET" if self.writes is None else self.writes
