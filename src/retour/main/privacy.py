"""Wires what people may ask about their data: the job behind each request, the platform's webhooks, the daily forgetting."""

from typing import Final
from uuid import UUID

from retour.connectors.shopify.translate.privacy import privacy_ask
from retour.core.errors import Refused
from retour.flows import privacy as flow
from retour.main.house import House, Work, utc_now
from retour.store.db import Db
from retour.store.privacy.tombstone import Tombstones
from retour.store.webhook import Entry

ERASED: Final = "erased-people"  # in the data directory, beside the keys; no backup of the database has it
_SHOPIFY: Final = "shopify:"


def privacy_work(here: House) -> Work:
    """Return the work of one request about personal data."""
    by = flow.Answerer(here.database, here.vault, utc_now, _tombstones(here).write)

    async def answer(tenant_id: UUID, request_id: UUID) -> None:
        await flow.answer(by, tenant_id=tenant_id, request_id=request_id)

    return answer


def forget_old_work(here: House) -> Work:
    """Return the work of forgetting what an account has kept for long enough."""
    erased = _tombstones(here).of

    async def forget(tenant_id: UUID, _: UUID) -> None:
        await flow.forget_old(here.database, tenant_id=tenant_id, erased=erased, clock=utc_now)

    return forget


async def platform_asks(db: Db, entry: Entry, raw: bytes) -> flow.Became:
    """Read a platform's privacy webhook and keep what it asks for; one that cannot be read is shown to the operator."""
    if not entry.source.startswith(_SHOPIFY):
        return flow.Became("refused", problem="unknown_platform")
    try:
        ask = privacy_ask(entry.topic, raw, shop=entry.far_name)
    except Refused as no:
        return flow.Became("refused", problem=no.code)
    return await flow.asked_by_platform(db, entry, ask, now=utc_now())


def _tombstones(here: House) -> Tombstones:
    return Tombstones(here.settings.data_dir / ERASED)
