"""Wires mail that comes in: who looks through a mailbox, and who reads what it brought."""

from datetime import datetime
from uuid import UUID

from retour.flows.intake.fetching import Looking, fetch_mail
from retour.flows.intake.mailboxes import box_of
from retour.main.house import House, utc_now
from retour.store.connection import Connection
from retour.web.mail_in import MailIn


async def look_through(here: House, tenant_id: UUID, found: Connection) -> None:
    """Keep what is new in a mailbox, if it is one that is read."""
    if found.state != "connected":
        return
    assert here.mailboxes is not None, "a process that asks has the way out"
    begin = datetime.fromisoformat(str(found.settings["since"]))
    looking = Looking(tenant_id, found.id, box_of(found), here.credential(found).secret, begin)
    await fetch_mail(here.database, here.vault, looking, reader=here.mailboxes, clock=utc_now)


def mail_in(here: House, tenant_id: UUID) -> MailIn:
    """Return who reads a mail of an account."""
    return MailIn(here.database, here.vault, here.policies, tenant_id, here.settings.mail_from, utc_now)
