"""Mail over TLS: at once or after STARTTLS, with a password, and never in the clear where that was not asked for."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest
from aiosmtpd.smtp import SMTP, AuthResult

from retour.connectors.mail.client import MailClient, Patience
from retour.core.mail_server import MailServer
from retour.core.ports import MailAnswer, MailVerdict
from tests.connectors.mail.post_box import A_MAIL, post_box

pytestmark = pytest.mark.anyio
PATIENT = Patience()


class Seen:
    """What the server saw of one mail."""

    def __init__(self) -> None:
        self.encrypted: list[bool] = []
        self.logins: list[tuple[bytes, bytes]] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - the library's name
        self.encrypted.append(server.transport.get_extra_info("sslcontext") is not None)
        return "250 OK"

    def let_in(self, server: Any, session: Any, envelope: Any, mechanism: str, login: Any) -> AuthResult:
        self.logins.append((login.login, login.password))
        return AuthResult(success=login.password == b"s3cret@:/", handled=False)


@asynccontextmanager
async def served(
    certificate: tuple[Path, Path], *, at_once: bool = False, **more: Any
) -> AsyncIterator[tuple[Seen, int]]:
    """A mail server that speaks TLS at once or offers STARTTLS."""
    import asyncio

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    seen, loop = Seen(), asyncio.get_running_loop()
    offered = None if at_once else context
    server = await loop.create_server(
        lambda: SMTP(seen, tls_context=offered, authenticator=seen.let_in, loop=loop, **more),
        "127.0.0.1", 0, ssl=context if at_once else None,
    )  # fmt: skip
    try:
        yield seen, server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def hand_over(url: str, trusted: Path | None) -> MailAnswer:
    async def leaving() -> bool:
        return True

    trust = await anyio.to_thread.run_sync(lambda: ssl.create_default_context(cafile=str(trusted))) if trusted else None
    return await MailClient(MailServer.of(url), patience=PATIENT, trust=trust).send(A_MAIL, leaving=leaving)


async def test_smtps_is_encrypted_from_the_first_byte_and_logs_in(certificate: tuple[Path, Path]) -> None:
    async with served(certificate, at_once=True, auth_require_tls=False) as (seen, port):
        answer = await hand_over(f"smtps://ann:s3cret%40%3A%2F@127.0.0.1:{port}", certificate[0])

    assert answer.verdict is MailVerdict.ACCEPTED
    assert (seen.encrypted, seen.logins) == ([True], [(b"ann", b"s3cret@:/")])


@pytest.mark.parametrize("wish", ["", "?starttls=1"])
async def test_starttls_is_taken_where_it_is_offered_and_before_the_password(
    certificate: tuple[Path, Path], wish: str
) -> None:
    async with served(certificate) as (seen, port):
        answer = await hand_over(f"smtp://ann:s3cret%40%3A%2F@127.0.0.1:{port}{wish}", certificate[0])

    assert answer.verdict is MailVerdict.ACCEPTED
    assert (seen.encrypted, seen.logins) == ([True], [(b"ann", b"s3cret@:/")])


async def test_a_certificate_that_nobody_vouches_for_ends_it_before_anything_is_said(
    certificate: tuple[Path, Path],
) -> None:
    async with served(certificate) as (seen, port):
        answer = await hand_over(f"smtp://ann:s3cret%40%3A%2F@127.0.0.1:{port}", None)

    assert answer == MailAnswer(
        MailVerdict.NOT_YET, None, "the mail server's certificate is not trusted, or it speaks no TLS"
    )
    assert (seen.encrypted, seen.logins) == ([], [])


async def test_a_wrong_password_is_ours_to_correct_and_not_the_mails_end(certificate: tuple[Path, Path]) -> None:
    async with served(certificate) as (seen, port):
        answer = await hand_over(f"smtp://ann:wrong@127.0.0.1:{port}", certificate[0])

    assert (answer.verdict, answer.code) == (MailVerdict.NOT_YET, 535)
    assert seen.encrypted == []


async def test_starttls_that_is_demanded_and_not_offered_sends_nothing() -> None:
    async with post_box() as box:
        answer = await hand_over(f"smtp://127.0.0.1:{box.port}?starttls=1", None)

        assert answer.verdict is MailVerdict.NOT_YET
        assert box.room.box.newest_first() == []
