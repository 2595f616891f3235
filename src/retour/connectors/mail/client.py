"""Hands one mail at a time to a mail server, and says honestly whether it was accepted."""

import asyncio
import contextlib
import re
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import aiosmtplib
from aiosmtplib import SMTP, SMTPException, SMTPResponse, SMTPResponseException

from retour.connectors.mail.message import as_bytes, as_data, envelope, needs_utf8
from retour.core.letter import one_line
from retour.core.mail_server import Encryption, MailServer
from retour.core.ports import Mail, MailAnswer, MailVerdict

_ADDRESS: Final = re.compile(r"[^\s<>:;,]+@[^\s<>:;,]+")
START: Final = 354


@dataclass(frozen=True, slots=True)
class Patience:
    """How long each part may take, in seconds: the connection, one answer, all before the message, the last answer."""

    connect_s: float = 10.0
    answer_s: float = 30.0
    before_s: float = 60.0
    accept_s: float = 120.0


class MailClient:
    """One mail, one connection, one recipient; whatever goes wrong is told as an answer, never raised or retried."""

    def __init__(
        self,
        server: MailServer,
        *,
        name: str | None = None,
        patience: Patience | None = None,
        trust: ssl.SSLContext | None = None,
    ):
        """Take the server; `name` is what we call ourselves to it, `trust` whose certificates count."""
        self._server = server
        self._name = name or "localhost"
        self._patience = patience or Patience()
        self._trust = trust

    async def send(self, mail: Mail, *, leaving: Callable[[], Awaitable[bool]]) -> MailAnswer:
        """Hand a mail over once; `leaving` is asked when the server waits for the message itself."""
        try:
            data = as_data(as_bytes(mail))
        except ValueError:
            return MailAnswer(MailVerdict.REFUSED, None, "the mail cannot be written for the wire")
        server = self._server
        smtp = SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.encryption is Encryption.AT_ONCE,
            start_tls=False,
            local_hostname=self._name,
            timeout=self._patience.answer_s,
            tls_context=self._trust,
        )
        try:
            try:
                async with asyncio.timeout(self._patience.before_s):
                    refused = await self._lead_up_to(smtp, mail)
            except (SMTPException, OSError, TimeoutError, ValueError) as problem:
                return MailAnswer(MailVerdict.NOT_YET, _code(problem), _words(problem))
            if refused is not None:
                return refused
            if not await leaving():
                return MailAnswer(MailVerdict.NOT_YET, None, "it was held back at the last moment")
            return await self._hand_over(smtp, data)
        finally:
            smtp.close()

    async def _lead_up_to(self, smtp: SMTP, mail: Mail) -> MailAnswer | None:
        """Say all that comes before the message; return the refusal of this mail, if there is one.

        What the server says before it has heard of the recipient is about us, not about the mail: it may change.
        """
        server = self._server
        await smtp.connect(timeout=self._patience.connect_s)
        await smtp.ehlo()
        if server.encryption is Encryption.ALWAYS or (
            server.encryption is Encryption.OFFERED and smtp.supports_extension("starttls")
        ):
            await smtp.starttls()
            await smtp.ehlo()
        if server.user is not None and server.password is not None:
            if smtp.get_transport_info("sslcontext") is None and not server.on_this_machine:
                return MailAnswer(MailVerdict.NOT_YET, None, "the server offers no encryption; no password is sent")
            await smtp.login(server.user, server.password)
        utf8 = needs_utf8(mail)
        if utf8 and not smtp.supports_extension("smtputf8"):
            return MailAnswer(MailVerdict.REFUSED, None, "the mail server cannot write to such an address")
        encoding = "utf-8" if utf8 else "ascii"
        options = ["SMTPUTF8"] if utf8 else []
        await smtp.mail(envelope(mail.sender_address), options=options, encoding=encoding)
        try:
            await smtp.rcpt(envelope(mail.to), encoding=encoding)
            ready = await smtp.execute_command(b"DATA")
        except aiosmtplib.SMTPRecipientRefused as refusal:
            return _refusal(refusal.code, refusal.message)
        return None if ready.code == START else _refusal(ready.code, ready.message)

    async def _hand_over(self, smtp: SMTP, data: bytes) -> MailAnswer:
        """Send the message itself; from its first byte on only the server's word says what became of it."""
        protocol = smtp.protocol
        try:
            if protocol is None:
                return MailAnswer(MailVerdict.NOT_YET, None, "the server hung up before the message")
            protocol.write(data)
        except SMTPException as problem:  # the connection was gone already: not one byte left
            return MailAnswer(MailVerdict.NOT_YET, None, _words(problem))
        try:
            answer: SMTPResponse = await protocol.read_response(timeout=self._patience.accept_s)
        except (SMTPException, OSError, TimeoutError) as problem:
            return MailAnswer(MailVerdict.UNKNOWN, _code(problem), _words(problem))
        if 200 <= answer.code < 300:
            with contextlib.suppress(SMTPException, OSError, TimeoutError):
                await smtp.quit(timeout=1.0)
            return MailAnswer(MailVerdict.ACCEPTED, answer.code)
        return _refusal(answer.code, answer.message)


def _refusal(code: int, message: str) -> MailAnswer:
    """Return the verdict on an answer that is not a yes: 5yz is for good, everything else may change (RFC 5321, 4.2.1)."""
    verdict = MailVerdict.REFUSED if 500 <= code < 600 else MailVerdict.NOT_YET
    return MailAnswer(verdict, code, f"the mail server answered {code}: {_without_addresses(message)}")


def _code(problem: Exception) -> int | None:
    return problem.code if isinstance(problem, SMTPResponseException) else None


def _words(problem: Exception) -> str:
    if isinstance(problem, SMTPResponseException):
        return f"the mail server answered {problem.code}: {_without_addresses(problem.message)}"
    if isinstance(problem, TimeoutError):
        return "the mail server did not answer in time"
    if isinstance(problem, ssl.SSLError):
        return "the mail server's certificate is not trusted, or it speaks no TLS"
    if isinstance(problem, aiosmtplib.SMTPConnectError):
        cause = problem.__cause__
        return _words(cause) if isinstance(cause, ssl.SSLError) else "the mail server could not be reached"
    if isinstance(problem, aiosmtplib.SMTPServerDisconnected):
        return "the mail server hung up"
    return f"the mail could not be handed over: {_without_addresses(str(problem))}"


def _without_addresses(text: str) -> str:
    """Return a server's words without anybody's address: they are shown and kept."""
    return one_line(_ADDRESS.sub("…", text))
