"""What waits for its order is read again once that order is here."""

from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.channel import Channel
from retour.flows.intake.hands import Hands
from retour.flows.intake.message import Told
from retour.flows.intake.taking import Source, first_reading, source_decides
from retour.store import intake as intakes
from retour.store.db import Db
from retour.store.intake import WAITS_FOR_ORDER, Intake
from retour.store.vault import Vault
from retour.store.webhook import Entry

ACTOR: Final = "retour"


async def read_again(db: Db, vault: Vault, entry: Entry, *, tenant_id: UUID, hands: Hands, now: datetime) -> Told:
    """Read what waited for an order that has come, as if it were sent now; what a person decided meanwhile stays."""
    row = await intakes.get(db, UUID(entry.facts["intake"]))
    known = await intakes.find(db, source=row.source, external_id=row.external_id) if row else None
    kept = await intakes.document(db, vault, known.id) if known else None
    if known is None or kept is None or known.state != "waiting" or known.why not in WAITS_FOR_ORDER:
        return Told("unchanged", intake_id=known.id if known else None)
    source = await _source(db, known, tenant_id)
    taken = await first_reading(db, vault, source, known.id, kept, hands=hands, now=now)
    return Told(f"{taken.outcome.value}: {taken.why}" if taken.why else taken.outcome.value, intake_id=known.id)


async def _source(db: Db, known: Intake, tenant_id: UUID) -> Source:
    return Source(
        tenant_id=tenant_id, store_id=known.store_id, key=known.source, channel=Channel(known.channel),
        actor=f"source:{known.connection_id}" if known.connection_id else ACTOR, connection_id=known.connection_id,
        decides=await source_decides(db, known),
    )  # fmt: skip
