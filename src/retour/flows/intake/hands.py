"""What an intake may do to returns: the acts of other flows, handed in by whoever wires them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from retour.core.intake import Wanted
from retour.store.db import Db
from retour.store.vault import Vault


class Hands(Protocol):
    """Acts on returns inside the open transaction; each raises Refused as the act does everywhere else."""

    async def open(
        self, db: Db, *, id: UUID, store_id: UUID, order_id: UUID, lines: Sequence[Wanted], kind: str,  # noqa: A002
        channel: str, method: str | None, actor: str, now: datetime, beyond: str | None, asked_at: datetime,
    ) -> int:  # fmt: skip
        """Open a return that was `asked_at` a time; return its number. `beyond` is why although the policy refuses."""
        ...

    async def approve(self, db: Db, *, rma_id: UUID, actor: str, now: datetime) -> None:
        """Approve what nobody has decided."""
        ...

    async def reject(self, db: Db, *, rma_id: UUID, message: str, actor: str, now: datetime) -> None:
        """Reject what nobody has decided."""
        ...

    async def cancel(self, db: Db, *, rma_id: UUID, actor: str, now: datetime) -> None:
        """Cancel what has not arrived."""
        ...

    async def hold(self, db: Db, *, rma_id: UUID, reason: str, actor: str, now: datetime) -> None:
        """Stop every automatic step until a person releases it."""
        ...

    async def report_paid(
        self, db: Db, *, settlement_id: UUID, reference: str | None, actor: str, now: datetime
    ) -> None:
        """Record that what was handed over was carried out."""
        ...

    async def announce(
        self, db: Db, *, rma_id: UUID, carrier: str, tracking_number: str, actor: str, now: datetime
    ) -> None:
        """Announce a parcel."""
        ...

    async def track(
        self, db: Db, *, carrier: str, tracking_number: str, status: str, occurred_at: datetime, now: datetime
    ) -> None:
        """Follow a parcel."""
        ...

    async def receive(self, db: Db, *, rma_id: UUID, location_ref: str | None, actor: str, now: datetime) -> None:
        """Record that everything outstanding has arrived."""
        ...

    async def hear(
        self, db: Db, *, rma_id: UUID, text: str, actor: str, facts: Mapping[str, object], now: datetime
    ) -> None:
        """Keep what the shopper wrote by mail, with the pictures that came with it; it answers a question that is open."""
        ...

    async def note(self, db: Db, *, rma_id: UUID, text: str, actor: str, now: datetime) -> None:
        """Keep what somebody else wrote about a return, for the staff alone."""
        ...

    async def put_by(self, db: Db, *, intake_id: UUID, now: datetime) -> None:
        """Keep the pictures that came with what waits for a person."""
        ...

    async def show(
        self, db: Db, vault: Vault, *, tenant_id: UUID, rma_id: UUID, content: bytes, width: int, height: int, actor: str,
        now: datetime,
    ) -> None:  # fmt: skip
        """Put a picture that was made anew to a return."""
        ...
