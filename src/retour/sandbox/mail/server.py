"""The SMTP side: accepts everything on its port, and goes wrong where and as often as asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session, syntax

from retour.sandbox.mail.box import Box

STAGES = ("ehlo", "mail", "rcpt", "data", "message")
"""Where it can go wrong: a command, or the message after DATA."""
SILENCES = ("hang_before", "hang_after", "drop_before", "drop_after")
"""`_after` acts first (only a message can be acted on); `hang` waits `seconds`, then drops the connection."""


@dataclass(slots=True)
class Rule:
    """One planned misbehaviour: the first `after` matching commands pass, the next `times` go wrong."""

    where: str
    how: str
    times: int = 1
    after: int = 0
    seconds: float = 0.0
    to: str | None = None
    hits: int = 0


class Mailroom:
    """One mail server: its rules, its box, its doors."""

    def __init__(self) -> None:
        self.box = Box()
        self.rules: list[Rule] = []
        self.counts: dict[str, int] = {"accepted": 0, "refused": 0}
        self.port: int | None = None  # while it listens

    def misbehave(self, wish: Mapping[str, Any]) -> Rule:
        """Plan a misbehaviour; raises ValueError on an unknown place or way."""
        where, how = str(wish["where"]), str(wish["how"])
        if where not in STAGES:
            raise ValueError(f"where must be one of {', '.join(STAGES)}")
        if how not in SILENCES and not (how.isdigit() and 400 <= int(how) <= 599):
            raise ValueError(f"how must be a reply code from 400 to 599 or one of {', '.join(SILENCES)}")
        to = wish.get("to")
        rule = Rule(
            where, how, int(wish.get("times", 1)), int(wish.get("after", 0)), float(wish.get("seconds", 0)),
            str(to).casefold() if to else None,
        )  # fmt: skip
        self.rules.append(rule)
        return rule

    def reset(self) -> None:
        """Forget messages, rules and counts."""
        self.box.clear()
        self.rules.clear()
        self.counts = dict.fromkeys(self.counts, 0)

    def next_for(self, where: str, to: list[str]) -> Rule | None:
        """Return the rule for this command, if one is due, and count it."""
        for rule in self.rules:
            if rule.where != where or not rule.times or (rule.to and rule.to not in {a.casefold() for a in to}):
                continue
            if rule.after:
                rule.after -= 1
                continue
            rule.times -= 1
            rule.hits += 1
            return rule
        return None

    @asynccontextmanager
    async def listening(self, host: str, port: int) -> AsyncIterator[int]:
        """Serve SMTP while inside, and give the port (a free one for 0)."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Door(self, loop), host=host, port=port)
        self.port = int(server.sockets[0].getsockname()[1])
        try:
            yield self.port
        finally:
            self.port = None
            server.close()


class _Door(SMTP):
    """One connection."""

    def __init__(self, room: Mailroom, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            _Conversation(room),
            hostname="sandbox.invalid",
            ident="Sandbox",
            enable_SMTPUTF8=True,
            loop=loop,
            timeout=120,
        )
        self._room = room

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - the library's name
        """Ask for the message, unless a rule says otherwise."""
        rule = self._room.next_for("data", self.envelope.rcpt_tos if self.envelope else [])
        if rule is not None:
            answer = await _go_wrong(self, rule)
            if answer:
                await self.push(answer)
            return
        await super().smtp_DATA(arg)


class _Conversation:
    """What happens at each command."""

    def __init__(self, room: Mailroom) -> None:
        self._room = room

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, _: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        wrong = await self._wrong(server, "ehlo", [])
        return [wrong] if wrong is not None else responses

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, _: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        wrong = await self._wrong(server, "mail", [])
        if wrong is not None:
            return wrong
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, _: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        wrong = await self._wrong(server, "rcpt", [address])
        if wrong is not None:
            return f"{wrong} <{address}>" if wrong else wrong
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802
        rule = self._room.next_for("message", envelope.rcpt_tos)
        if rule is not None and not rule.how.endswith("_after"):
            return await _go_wrong(server, rule, self._room)
        kept = self._room.box.keep(
            envelope_from=envelope.mail_from or "",
            envelope_to=envelope.rcpt_tos,
            raw=envelope.content if isinstance(envelope.content, bytes) else b"",
        )
        self._room.counts["accepted"] += 1
        if rule is not None:
            return await _go_wrong(server, rule)
        return f"250 kept as {kept.id}"

    async def _wrong(self, server: SMTP, where: str, to: list[str]) -> str | None:
        rule = self._room.next_for(where, to)
        return None if rule is None else await _go_wrong(server, rule, self._room)


async def _go_wrong(server: SMTP, rule: Rule, room: Mailroom | None = None) -> str:
    """Refuse with a code, or keep silent and drop the connection."""
    if rule.how.isdigit():
        if room is not None:
            room.counts["refused"] += 1
        return f"{rule.how} the sandbox was asked to say so"
    if rule.how.startswith("hang"):
        await asyncio.sleep(rule.seconds)
    transport = server.transport
    if isinstance(transport, asyncio.Transport):
        transport.abort()
    return ""
