"""The one way out: send a request once, and say honestly whether it may have arrived."""

import asyncio
import ipaddress
import socket
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

import httpx2

from retour.core.address import is_public
from retour.core.ports import Silence, WireAnswer

BODY_LIMIT: Final = 8 * 1024 * 1024  # bytes of one answer
CLIENTS_KEPT: Final = 64  # hosts with open connections
USER_AGENT: Final = "Retour/0.1"
# Why a request can never leave as it is, for connectors that must not try it again and again.
NOT_SENT_HEADER: Final = "x-not-sent"
_FORBIDDEN: Final = {NOT_SENT_HEADER: "address"}
_UNWRITABLE: Final = {NOT_SENT_HEADER: "request"}
Resolve = Callable[[str, int], Awaitable[list[str]]]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long each part of a call may take, in seconds; `whole` bounds all of it."""

    connect_s: float = 5.0
    read_s: float = 25.0
    whole_s: float = 30.0


class Forbidden(Exception):  # noqa: N818 - a refusal before anything was sent
    """The address of a call may not be reached from here."""


class Http:
    """Outgoing HTTP of all connectors: bounded times and sizes, no redirects, no retries, no internal addresses.

    The address of a host is resolved once per call, checked, and that very address is called, so that no second
    resolution can lead elsewhere. `internal` allows loopback and private addresses (sandbox, shops in one's own house);
    `resolve` gives the addresses of a host and port, from the system unless told.
    """

    def __init__(self, *, internal: bool = False, patience: Patience | None = None, resolve: Resolve | None = None):
        self._internal = internal
        self._resolve = resolve or resolved
        self._patience = patience or Patience()
        self._clients: dict[str, httpx2.AsyncClient] = {}
        self._busy: Counter[str] = Counter()
        self._pinned: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every open connection."""
        clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            await client.aclose()

    async def send(
        self, *, method: str, url: str, headers: Mapping[str, str], body: bytes, status_only: bool = False
    ) -> WireAnswer:
        """Send one request once; whatever goes wrong is told as silence, never raised.

        Silence is NOT_SENT only while not one byte of the request was handed to the connection, else LOST.
        `status_only` leaves the body of the answer unread, whatever it is.
        """
        wire = _Wire()
        try:
            async with asyncio.timeout(self._patience.whole_s):
                target, address = await self._target(url)
                read = _no_content if status_only else _content
                return await self._exchange(wire, target, address, read, method=method, headers=headers, body=body)
        except (Forbidden, httpx2.InvalidURL, httpx2.UnsupportedProtocol):
            return WireAnswer(silence=Silence.NOT_SENT, headers=_FORBIDDEN)
        except (httpx2.TransportError, httpx2.StreamError, TimeoutError, OSError, _Cut):
            return WireAnswer(silence=Silence.LOST if wire.touched else Silence.NOT_SENT)
        except ValueError:  # a host or header that cannot be written at all
            return WireAnswer(silence=Silence.LOST if wire.touched else Silence.NOT_SENT, headers=_UNWRITABLE)

    async def _exchange(
        self,
        wire: "_Wire",
        target: httpx2.URL,
        address: str,
        read: Callable[[httpx2.Response], Awaitable[bytes]],
        *,
        method: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> WireAnswer:
        host = target.netloc.decode("ascii")
        origin = f"{target.scheme}://{host}"
        client = self._client(origin)
        sent = {"user-agent": USER_AGENT, "accept-encoding": "identity"} | dict(headers) | {"host": host}
        request = client.build_request(method, target.copy_with(host=address), headers=sent, content=body)
        request.extensions |= {"trace": wire.trace, "sni_hostname": target.host}
        self._busy[origin] += 1
        try:
            response = await client.send(request, stream=True)
            try:
                content = await read(response)
            finally:
                with suppress(httpx2.TransportError):
                    await response.aclose()
        finally:
            self._busy[origin] -= 1
            await self._trim()
        return WireAnswer(response.status_code, {k.lower(): v for k, v in response.headers.items()}, content)

    def _client(self, origin: str) -> httpx2.AsyncClient:
        """Return the client of one origin: connections are never shared between hosts behind one address."""
        client = self._clients.pop(origin, None)
        if client is None:
            client = httpx2.AsyncClient(
                verify=_trust() if origin.startswith("https:") else False,
                trust_env=False,
                follow_redirects=False,
                timeout=httpx2.Timeout(self._patience.read_s, connect=self._patience.connect_s),
                limits=httpx2.Limits(max_connections=32, max_keepalive_connections=8, keepalive_expiry=20.0),
            )
        self._clients[origin] = client  # the last of the dictionary is the one used last
        return client

    async def _trim(self) -> None:
        """Close the connections of the hosts unused for longest, beyond the number kept; never one in use."""
        for origin in [o for o in self._clients if not self._busy[o]][: max(0, len(self._clients) - CLIENTS_KEPT)]:
            await self._clients.pop(origin).aclose()

    async def _target(self, url: str) -> tuple[httpx2.URL, str]:
        """Return the URL and the one checked address to call; raise Forbidden."""
        target = httpx2.URL(url)
        parts = urlsplit(url)
        if target.scheme not in ("https", "http") or not target.host or parts.username or parts.password:
            raise Forbidden("only plain http and https addresses are called")
        if target.scheme == "http" and not self._internal:
            raise Forbidden("credentials travel over https only")
        addresses = await self._resolve(target.host, target.port or (443 if target.scheme == "https" else 80))
        if not self._internal and not all_public(addresses):
            raise Forbidden(f"{target.host} is an internal address")
        pinned = self._pinned.get(target.host)
        if pinned not in addresses:
            pinned = self._pinned[target.host] = addresses[0]
        return target, pinned


@cache
def _trust() -> ssl.SSLContext:
    """Return the trust store of this machine, read once a process."""
    return ssl.create_default_context()


def all_public(addresses: Sequence[str]) -> bool:
    """Return whether every address of a host is public: one internal one among them is enough to refuse it."""
    return bool(addresses) and all(is_public(address) for address in addresses)


async def resolved(host: str, port: int) -> list[str]:
    """Return the addresses of a host, sorted; every spelling of an address is resolved the way a call would do it."""
    with suppress(ValueError):
        return [str(ipaddress.ip_address(host))]
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    if not found:
        raise OSError(f"{host} has no address")
    return sorted({str(address[0]) for *_, address in found}, key=lambda ip: (":" in ip, ip))


@dataclass(slots=True)
class _Wire:
    """Whether the connection was handed anything of the request."""

    touched: bool = False

    async def trace(self, event: str, info: Mapping[str, object]) -> None:  # noqa: ARG002 - the transport's signature
        if event.endswith("send_request_headers.started"):
            self.touched = True


class _Cut(Exception):  # noqa: N818
    """The answer is longer than allowed, or encoded; a wrong length the transport itself notices."""


async def _no_content(_: httpx2.Response) -> bytes:
    return b""


async def _content(response: httpx2.Response) -> bytes:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise _Cut
    chunks, size = [], 0
    async for chunk in response.aiter_raw():
        size += len(chunk)
        if size > BODY_LIMIT:
            raise _Cut
        chunks.append(chunk)
    return b"".join(chunks)


@dataclass(slots=True)
class Bucket:
    """What is left of a far side's points, as it last told us; times are seconds of a steady clock.

    Nothing is held back before the far side has spoken. A fifth is kept free for urgent calls.
    """

    maximum: float = 0.0
    restore_per_s: float = 0.0
    level: float = 0.0
    at: float = 0.0
    flying: dict[int, float] = field(default_factory=dict)
    _next: int = 0

    def wait_s(self, cost: float, *, urgent: bool, now: float) -> float:
        """Return the seconds until a call of this price may go out; nothing is taken."""
        if self.maximum <= 0 or self.restore_per_s <= 0:
            return 0.0
        kept = 0.0 if urgent else self.maximum / 5
        missing = min(cost + kept, self.maximum) - self._now(now)
        return max(0.0, missing / self.restore_per_s)

    def take(self, cost: float, *, now: float) -> int:
        """Take a call's price and return its ticket."""
        self.level, self.at = self._now(now) - cost, now
        self._next += 1
        self.flying[self._next] = cost
        return self._next

    def feed(
        self, ticket: int, *, currently: float | None, maximum: float | None, restore: float | None, now: float
    ) -> None:
        """Take over what the far side says is left; calls still under way are counted as not yet charged there."""
        self.flying.pop(ticket, None)
        if currently is None or maximum is None or restore is None:
            return
        self.maximum, self.restore_per_s = maximum, restore
        self.level, self.at = currently - sum(self.flying.values()), now

    def _now(self, now: float) -> float:
        return min(self.maximum, self.level + (now - self.at) * self.restore_per_s)
