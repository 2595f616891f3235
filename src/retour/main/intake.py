"""Wires what is sent in as documents: who reads them, what they may do, and who is asked for them."""

from datetime import datetime, timedelta
from uuid import UUID

from retour.core.platforms import FEED, MAILBOX
from retour.core.warehouse import REPORTS
from retour.flows import order as order_flow
from retour.flows.card_hold.told import TOPIC as CARD_TOPIC
from retour.flows.card_hold.told import CardTold, told_of_card
from retour.flows.intake.again import read_again
from retour.flows.intake.asking import minutes_of
from retour.flows.intake.fetching import TOPIC as MAIL_TOPIC
from retour.flows.intake.message import DOCUMENTS, Told, read_message
from retour.flows.intake.syncing import Asking, sync_source
from retour.flows.privacy import TOPICS, Became
from retour.flows.receiving.reported import Reported, take_report
from retour.flows.webhook import Documents
from retour.main.house import House, utc_now
from retour.main.mailbox import look_through, mail_in
from retour.main.privacy import platform_asks
from retour.store import connection as connections
from retour.store.db import Db
from retour.store.intake.again import TOPIC as ORDER_ARRIVED
from retour.store.webhook import Entry
from retour.web.intake import ReturnHands


def documents(here: House, tenant_id: UUID) -> Documents:
    """Return who works on the documents of an account's inbox."""
    hands, mail = ReturnHands(here.policies), mail_in(here, tenant_id)

    async def work(db: Db, entry: Entry, raw: bytes) -> Told | Reported | Became | CardTold:
        now: datetime = utc_now()
        if entry.topic in TOPICS:
            return await platform_asks(db, entry, raw)
        if entry.topic in REPORTS:
            return await take_report(db, entry, raw, policies=here.policies, now=now)
        if entry.topic == CARD_TOPIC:
            return await told_of_card(db, entry, now=now)
        if entry.topic == MAIL_TOPIC:
            return await mail.read(db, entry, raw)
        if entry.topic == ORDER_ARRIVED:
            return await read_again(db, here.vault, entry, tenant_id=tenant_id, hands=hands, now=now)
        return await read_message(
            db, here.vault, entry, raw, tenant_id=tenant_id, hands=hands, mirror=order_flow.mirror, now=now
        )

    return Documents(
        DOCUMENTS | REPORTS | TOPICS | {MAIL_TOPIC, CARD_TOPIC, ORDER_ARRIVED},
        work,
        mail.prepare,
        frozenset({MAIL_TOPIC}),
    )


async def asked_regularly(here: House, tenant_id: UUID, connection_id: UUID) -> bool:
    """Ask a source for what has changed, if the connection is one that is asked; return whether it is a source."""
    async with here.database.tx(tenant_id) as db:
        found = await connections.get(db, connection_id)
    if found is not None and found.platform == MAILBOX:
        await look_through(here, tenant_id, found)
        return True
    if found is None or found.platform != FEED:
        return False
    if found.state == "connected" and found.base_url:
        assert here.feeds is not None, "a process that asks has the way out"
        at = here.credential(found)
        asking = Asking(tenant_id, connection_id, at.base_url, at.secret, timedelta(minutes=minutes_of(found)))
        await sync_source(here.database, here.vault, asking, reader=here.feeds, clock=utc_now)
    return True
