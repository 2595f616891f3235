"""Wires the sending of webhooks."""

import random
from uuid import UUID

from retour.flows import delivery as delivery_flow
from retour.main.house import House, Work, utc_now


def delivery_work(here: House) -> Work:
    """Return the work of sending one webhook."""

    async def send(tenant_id: UUID, delivery_id: UUID) -> None:
        await delivery_flow.deliver(
            here.database,
            here.vault,
            here.webhooks,
            tenant_id=tenant_id,
            delivery_id=delivery_id,
            clock=utc_now,
            jitter=lambda: random.randrange(1_001),  # noqa: S311 - spreads the load, hides nothing
        )

    return send
