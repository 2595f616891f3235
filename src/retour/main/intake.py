"""Wires what is sent in as documents: who reads them, and what they may do."""

from datetime import datetime
from uuid import UUID

from retour.core.warehouse import REPORTS
from retour.flows import order as order_flow
from retour.flows.intake.message import DOCUMENTS, Told, read_message
from retour.flows.receiving.reported import Reported, take_report
from retour.flows.webhook import Documents
from retour.main import House, utc_now
from retour.store.db import Db
from retour.store.webhook import Entry
from retour.web.intake import ReturnHands


def documents(here: House, tenant_id: UUID) -> Documents:
    """Return who works on the documents of an account's inbox."""
    hands = ReturnHands(here.policies)

    async def work(db: Db, entry: Entry, raw: bytes) -> Told | Reported:
        now: datetime = utc_now()
        if entry.topic in REPORTS:
            return await take_report(db, entry, raw, policies=here.policies, now=now)
        return await read_message(
            db, here.vault, entry, raw, tenant_id=tenant_id, hands=hands, mirror=order_flow.mirror, now=now
        )

    return Documents(DOCUMENTS | REPORTS, work)
