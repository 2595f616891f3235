"""Wires mail: the server that takes it, the words, what a store shows of itself; for the worker alone."""

import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from retour.connectors.mail.client import MailClient
from retour.core.letter import Front, Letter
from retour.core.ports import Attachment, Mail, MailAnswer, MailSender, MailVerdict
from retour.flows import mail as mail_flow
from retour.flows import visit as visit_flow
from retour.main.house import House, Work, utc_now
from retour.settings import Settings
from retour.store import look as looks
from retour.store.db import Database, Db
from retour.store.vault import Vault
from retour.web.labels import MEDIA, file_name, label_file, mailed
from retour.web.mail import Letters
from retour.web.reader import Readers
from retour.web.texts import Texts

NO_SERVER: Final = "no mail server is set up (RETOUR_SMTP_URL)"


class NoServer:
    """Takes no mail; what is planned waits, and is shown when it waited too long."""

    async def send(self, mail: Mail, *, leaving: Callable[[], Awaitable[bool]]) -> MailAnswer:  # noqa: ARG002 - the port
        """Say that nothing was sent."""
        return MailAnswer(MailVerdict.NOT_YET, None, NO_SERVER)


def mail_sender(settings: Settings) -> MailSender:
    """Return the way to the operator's mail server, or one that takes no mail where none is set up."""
    if settings.mail_server is None:
        return NoServer()
    return MailClient(settings.mail_server, name=urlsplit(settings.public_url).hostname)


def mail_work(here: House) -> Work:
    """Return the work of sending one mail."""
    postman = mail_flow.Postman(
        database=here.database,
        vault=here.vault,
        sender=mail_sender(here.settings),
        write=Letters.load().write,
        front=front_of(here.vault, public_url=here.settings.public_url),
        own_address=here.settings.mail_from,
        clock=utc_now,
        jitter=lambda: random.randrange(1_001),  # noqa: S311 - spreads the load, hides nothing
        attach=papers_of(here.database),
    )

    async def send(tenant_id: UUID, mail_id: UUID) -> None:
        await mail_flow.deliver(postman, tenant_id=tenant_id, mail_id=mail_id)

    return send


def papers_of(database: Database) -> mail_flow.Attach:
    """Return how the label (or the code to show) and the packing slip of each parcel of a letter are made."""
    readers = Readers(Texts.load())

    async def attach(letter: Letter) -> Sequence[Attachment]:
        look = None
        if letter.store_id is not None:
            async with database.tx(letter.tenant_id) as db:
                look = await looks.get(db, letter.store_id)
        reader = readers.make(letter.language, timezone=letter.timezone, now=letter.at)
        return [
            Attachment(file_name(paper, kind), MEDIA[kind], await label_file(paper, kind, look=look, reader=reader))
            for paper in letter.papers
            for kind in mailed(paper)
        ]

    return attach


def front_of(vault: Vault, *, public_url: str) -> mail_flow.FrontOf:
    """Return how a store's look is found, with a signed link to what the shopper of an order may see."""

    async def front(
        db: Db, *, tenant_id: UUID, store_id: UUID, order_id: UUID | None, receiver: UUID | None, language: str
    ) -> Front | None:
        look = await looks.get(db, store_id)
        if look is None:
            return None
        link = None
        if order_id is not None:
            link = await visit_flow.portal_link(
                db, vault, tenant_id=tenant_id, store_id=store_id, order=str(order_id), public_url=public_url,
                now=utc_now(), gift=receiver is not None, receiver=receiver,
            )  # fmt: skip
        return Front(
            look.name,
            brand=look.brand_hex,
            contact_email=look.contact_email,
            contact_url=look.contact_url,
            link=link,
            return_address=look.return_address,
            sending=look.text(language).sending or None,
        )

    return front
