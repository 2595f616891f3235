"""A process that hands over one mail, to be killed while it does: `python -m tests.flows.mail.mortal …`."""

import asyncio
import sys
from pathlib import Path
from uuid import UUID

from retour.connectors.mail.client import MailClient
from retour.core.mail_server import MailServer
from retour.flows.mail import deliver
from retour.sandbox.mail.server import Mailroom
from retour.store.db import Database
from retour.store.vault import Vault
from tests.flows.mail.bag import Bag


async def hand_over(url: str, keys: str, tenant: str, mail: str, port: str) -> None:
    """Deliver one mail with all the patience there is."""
    database = await Database.open(url)
    bag = Bag(database, Vault.open(Path(keys), role="worker"), Mailroom(), int(port), UUID(tenant))
    patient = MailClient(MailServer.of(f"smtp://127.0.0.1:{port}?starttls=0"))
    await deliver(bag.postman(patient), tenant_id=UUID(tenant), mail_id=UUID(mail))


if __name__ == "__main__":
    asyncio.run(hand_over(*sys.argv[1:]))
