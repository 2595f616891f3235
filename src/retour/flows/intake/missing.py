"""An order that a document names and nobody here knows yet: asked for at the store's platforms, and waited for."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.intake import ReturnDocument
from retour.core.intake.association import fold_number
from retour.core.platforms import SPEAKING
from retour.store import connection as connections
from retour.store import webhook
from retour.store.db import Db
from retour.store.vault import Vault

_LONGEST: Final = 100  # characters of a number


def named(document: ReturnDocument) -> dict[str, object]:
    """Return by what the order will be known when it comes: the number and the id that the document says, if it does."""
    said = {
        "order_number": document.order_number and fold_number(document.order_number),
        "order_ref": document.order_id,
    }
    return {name: value for name, value in said.items() if value}


async def ask_platforms(
    db: Db, vault: Vault, *, tenant_id: UUID, store_id: UUID, intake_id: UUID, facts: Mapping[str, object], now: datetime
) -> None:  # fmt: skip
    """Have the store's platforms asked for the order that an intake waits for, once for each intake and number."""
    number = str(facts.get("order_number", ""))
    if not 0 < len(number) <= _LONGEST:
        return
    for one in await connections.connections(db):
        if one.store_id == store_id and one.platform not in SPEAKING and one.state == "connected":
            await webhook.receive(
                db, vault, tenant_id=tenant_id, connection_id=one.id, source=f"asked:{one.id}", topic=webhook.ASKED,
                event_id=f"{number}@{intake_id}", raw=b"", at=now, facts={"order_name": number},
            )  # fmt: skip
