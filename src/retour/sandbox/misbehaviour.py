"""Misbehaviour on request: which call goes wrong next, how, and how often."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

HOWS = frozenset(
    {
        "429",
        "throttled",
        "500",
        "500_after",
        "failed_attempt",
        "timeout_before",
        "timeout_after",
        "slow",
        "truncated",
        "html",
        "html_before",
    }
)
"""`_after`, `truncated` and `html` act first; the others never act, but `slow`, which acts late."""


@dataclass(slots=True)
class Rule:
    """One planned misbehaviour; `after` matching calls pass first, then `times` go wrong."""

    where: str
    how: str
    times: int
    after: int
    seconds: float
    hits: int = 0

    def applies(self, names: Iterable[str]) -> bool:
        return self.where == "*" or self.where in names


class Plan:
    """The rules in the order they were asked for."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []

    def add(self, wish: Mapping[str, Any]) -> Rule:
        """Add a rule; raises ValueError on an unknown `how`."""
        how = str(wish["how"])
        if how not in HOWS:
            raise ValueError(f"how must be one of {', '.join(sorted(HOWS))}")
        rule = Rule(
            str(wish.get("where", "*")),
            how,
            int(wish.get("times", 1)),
            int(wish.get("after", 0)),
            float(wish.get("seconds", 0)),
        )
        self.rules.append(rule)
        return rule

    def clear(self) -> None:
        """Behave again."""
        self.rules.clear()

    def next_for(self, names: Iterable[str]) -> Rule | None:
        """Return the rule for this call, if one is due, and count it."""
        known = list(names)
        for rule in self.rules:
            if not rule.applies(known) or rule.times == 0:
                continue
            if rule.after:
                rule.after -= 1
                continue
            rule.times -= 1
            rule.hits += 1
            return rule
        return None


async def respond(
    send: Any, status: int, body: bytes, *, kind: bytes = b"application/json", headers: Mapping[str, str] | None = None
) -> None:
    """Send one whole answer."""
    extra = [(k.lower().encode(), v.encode()) for k, v in (headers or {}).items()]
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", kind), length, *extra]})
    await send({"type": "http.response.body", "body": body})


async def cut(send: Any, body: bytes) -> None:
    """Promise the whole body, send half of it, and close the connection."""
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
    await drop(send, gently=True)


async def drop(send: Any, *, gently: bool = False) -> None:
    """Close the connection without (more of) an answer; raises ConnectionResetError where there is no socket."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionResetError("the sandbox dropped the connection")
    if gently:
        transport.close()
    else:
        transport.abort()
    for _ in range(3):
        await asyncio.sleep(0)


async def read_body(receive: Any, *, most: int = 1_000_000) -> bytes | None:
    """Return the request's body, nothing when it is larger than `most` bytes."""
    parts: list[bytes] = []
    size = 0
    while True:
        message: MutableMapping[str, Any] = await receive()
        if message["type"] == "http.disconnect":
            return b"".join(parts)
        part = message.get("body", b"")
        size += len(part)
        if size > most:
            return None
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)
