"""What an intake may do to returns: the acts of other flows, handed in by whoever wires them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from retour.core.intake import Wanted
from retour.store.db import Db


class Hands(Protocol):
    """Acts on returns inside the open transaction; each raises Refused as the act does everywhere else."""

    async def open(
        self, db: Db, *, id: UUID, store_id: UUID, order_id: UUID, lines: Sequence[Wanted], kind: str,  # noqa: A002
        channel: str, method: str | None, actor: str, now: datetime, beyond: str | None,
    ) -> int:  # fmt: skip
        """Open a return and return its number; `beyond` is why a person opens it although the policy refuses."""
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
