"""The acts that an intake may do to returns, as the flows of returns, parcels and goods do them."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from retour.core.errors import Refused
from retour.core.intake import Wanted
from retour.core.rma import Decision
from retour.core.rma.state import count
from retour.core.shipping import TrackingEvent
from retour.flows import hand_over, receiving, rma, shipping
from retour.flows.photo import evidence
from retour.flows.photo.encoding import Photo
from retour.flows.rma.question import TEXT_MOST
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.intake import photos
from retour.store.photo import PhotoKind
from retour.store.policy import PolicyCache
from retour.store.vault import Vault


@dataclass(frozen=True, slots=True)
class ReturnHands:
    """Does what `flows.intake.Hands` names; every act is the same as when a person does it."""

    policies: PolicyCache

    async def open(
        self, db: Db, *, id: UUID, store_id: UUID, order_id: UUID, lines: Sequence[Wanted], kind: str,  # noqa: A002
        channel: str, method: str | None, actor: str, now: datetime, beyond: str | None, asked_at: datetime,
    ) -> int:  # fmt: skip
        """Open a return under the policy, or beyond it for a reason, and return its number."""
        wishes = tuple(rma.Wish(w.line_ref, w.quantity, w.reason, w.note, w.resolution) for w in lines)
        asking = rma.Asking(
            store_id, order_id, wishes, channel, kind=kind, method=method, unlimited=beyond, asked_at=asked_at
        )
        opened = await rma.open_return(db, asking, id=id, actor=actor, now=now, policies=self.policies)
        return opened.new.number

    async def approve(self, db: Db, *, rma_id: UUID, actor: str, now: datetime) -> None:
        """Approve what nobody has decided."""
        await rma.approve(db, rma_id=rma_id, actor=actor, now=now)

    async def reject(self, db: Db, *, rma_id: UUID, message: str, actor: str, now: datetime) -> None:
        """Reject what nobody has decided."""
        await rma.reject(db, rma_id=rma_id, message=message, actor=actor, now=now)

    async def cancel(self, db: Db, *, rma_id: UUID, actor: str, now: datetime) -> None:
        """Cancel what has not arrived."""
        await rma.cancel(db, rma_id=rma_id, actor=actor, now=now)

    async def hold(self, db: Db, *, rma_id: UUID, reason: str, actor: str, now: datetime) -> None:
        """Stop every automatic step until a person releases it."""
        await rma.hold(db, rma_id=rma_id, reason=reason, actor=actor, now=now)

    async def report_paid(
        self, db: Db, *, settlement_id: UUID, reference: str | None, actor: str, now: datetime
    ) -> None:
        """Record that what was handed over was carried out."""
        await hand_over.report_paid(db, settlement_id=settlement_id, reference=reference, actor=actor, now=now)

    async def announce(
        self, db: Db, *, rma_id: UUID, carrier: str, tracking_number: str, actor: str, now: datetime
    ) -> None:
        """Announce a parcel."""
        await shipping.add_shipment(
            db, rma_id=rma_id, carrier=carrier, tracking_number=tracking_number, actor=actor, now=now
        )

    async def track(
        self, db: Db, *, carrier: str, tracking_number: str, status: str, occurred_at: datetime, now: datetime
    ) -> None:
        """Follow a parcel."""
        said = TrackingEvent(carrier, tracking_number, status, min(occurred_at, now))
        await shipping.track(db, said=said, now=now)

    async def receive(self, db: Db, *, rma_id: UUID, location_ref: str | None, actor: str, now: datetime) -> None:
        """Record that everything outstanding has arrived; raise Refused(not_approved) while nothing is approved."""
        record = await returns.lock(db, rma_id)
        assert record is not None, "the caller holds its lock"
        items = [
            receiving.ArrivedUnits(line.id, line.quantity - count(line.received))
            for line in record.rma.lines
            if line.decision is Decision.APPROVED and line.quantity > count(line.received)
        ]
        if not items:
            raise Refused("not_approved", f"the return is {record.rma.status.value}")
        await receiving.receive(db, rma_id=rma_id, items=items, location_ref=location_ref, actor=actor, now=now)

    async def hear(
        self, db: Db, *, rma_id: UUID, text: str, actor: str, facts: Mapping[str, object], now: datetime
    ) -> None:
        """Keep what the shopper wrote; it answers a question that is open."""
        await rma.hear(db, rma_id=rma_id, text=text, actor=actor, facts=facts, now=now)

    async def note(self, db: Db, *, rma_id: UUID, text: str, actor: str, now: datetime) -> None:
        """Keep what somebody else wrote about a return, for the staff alone."""
        await rma.add_note(
            db, rma_id=rma_id, body=text.strip()[:TEXT_MOST] or "-", shown_to_shopper=False, actor=actor, now=now
        )

    async def put_by(self, db: Db, *, intake_id: UUID, now: datetime) -> None:
        """Keep nothing: no pictures came."""

    async def show(
        self, db: Db, vault: Vault, *, tenant_id: UUID, rma_id: UUID, content: bytes, width: int, height: int, actor: str,
        now: datetime,
    ) -> None:  # fmt: skip
        """Put a picture that was made anew to a return; one beyond the forty of a return is left out."""
        with contextlib.suppress(Refused):
            await evidence.keep(
                db, vault, tenant_id=tenant_id, rma_id=rma_id, line_id=None, kind=PhotoKind.SHOPPER,
                photo=Photo(content, width, height), actor=actor, now=now,
            )  # fmt: skip


@dataclass(frozen=True, slots=True)
class MailHands(ReturnHands):
    """The same for one mail, with the pictures that came with it, made anew."""

    vault: Vault
    tenant_id: UUID
    pictures: Sequence[Photo] = ()

    async def hear(
        self, db: Db, *, rma_id: UUID, text: str, actor: str, facts: Mapping[str, object], now: datetime
    ) -> None:
        """Keep what the shopper wrote with its pictures; it answers a question that is open."""
        note_id = await rma.hear(
            db, rma_id=rma_id, text=text, actor=actor, facts=facts, now=now, attached=len(self.pictures)
        )
        for photo in self.pictures:
            if note_id is None:
                await self.show(
                    db, self.vault, tenant_id=self.tenant_id, rma_id=rma_id, content=photo.webp, width=photo.width,
                    height=photo.height, actor=actor, now=now,
                )  # fmt: skip
                continue
            with contextlib.suppress(Refused):  # a return holds forty at most
                await evidence.keep_with_note(
                    db, self.vault, tenant_id=self.tenant_id, rma_id=rma_id, note_id=note_id, sent=photo, actor=actor,
                    now=now,
                )  # fmt: skip

    async def put_by(self, db: Db, *, intake_id: UUID, now: datetime) -> None:
        """Keep the pictures with what waits for a person."""
        for photo in self.pictures:
            await photos.add(
                db, self.vault, tenant_id=self.tenant_id, intake_id=intake_id, content=photo.webp, sha256=photo.sha256,
                width=photo.width, height=photo.height, at=now,
            )  # fmt: skip
