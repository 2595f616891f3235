"""A mail server of the sandbox on a real port, and a mail to hand over."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from retour.connectors.mail.client import MailClient, Patience
from retour.core.mail_server import MailServer
from retour.core.ports import Mail
from retour.sandbox.mail.server import Mailroom

QUICK = Patience(connect_s=2.0, answer_s=0.3, before_s=2.0, accept_s=0.3)
A_MAIL = Mail(
    message_id="<018f0000-0000-7000-8000-000000000001@acme.example>",
    at=datetime(2026, 5, 19, 8, 30, tzinfo=UTC),
    sender_name="Acme",
    sender_address="returns@acme.example",
    reply_to=None,
    to="ann@example.com",
    subject="Your return R-10001",
    text="Hello Ann\n\n.a line that begins with a dot\n",
    html="<!doctype html><p>Hello Ann</p>",
    language="en",
)


@dataclass(frozen=True, slots=True)
class PostBox:
    """The server, and what was noted just before a message left."""

    room: Mailroom
    client: MailClient
    port: int
    left: list[str]

    async def send(self, **other: Any) -> Any:
        """Hand over the mail, changed as named."""
        mail = replace(A_MAIL, **other)

        async def leaving() -> bool:
            self.left.append(mail.message_id)
            return True

        return await self.client.send(mail, leaving=leaving)


@asynccontextmanager
async def post_box() -> AsyncIterator[PostBox]:
    room = Mailroom()
    async with room.listening("127.0.0.1", 0) as port:
        server = MailServer.of(f"smtp://127.0.0.1:{port}?starttls=0")
        yield PostBox(room, MailClient(server, name="returns.example", patience=QUICK), port, [])
