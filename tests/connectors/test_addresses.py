"""Addresses that merchants name never lead inside, however they are spelt, resolved or redirected."""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import product
from typing import Final

import pytest

from retour.connectors.http import Http
from retour.connectors.webhook.client import WebhookClient
from retour.core.address import is_public
from retour.core.ports import Silence, WireAnswer
from tests.connectors.far_side import far_side, http

REFUSED: Final = WireAnswer(silence=Silence.NOT_SENT, headers={"x-not-sent": "address"})
INSIDE: Final = (
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200",
    "169.254.0.1", "169.254.169.254", "169.254.170.2", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1",
    "192.168.0.1", "192.168.255.255", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250",
    "240.0.0.1", "255.255.255.255",
)  # fmt: skip
INSIDE_SIX: Final = (
    "::", "::1", "::127.0.0.1", "::ffff:0:127.0.0.1", "fe80::1", "fe80::1%25lo", "fc00::1", "fd00:ec2::254", "fec0::1",
    "ff02::1", "64:ff9b:1::7f00:1", "2001::1", "2001:db8::1", "100::1", "5f00::1", "4000::1",
)  # fmt: skip
NAMES: Final = (
    "localhost", "LOCALHOST", "localhost.", "localhost.localdomain", "ip6-localhost", "metadata.google.internal",
    "metadata", "instance-data", "kubernetes.default.svc", "receiver.example", "127.0.0.1.nip.example", "127.0.0.1.",
    "xn--bcher-kva.example", "bücher.example", "①②⑦.⓪.⓪.①", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "127。0。0。1", "１２７.0.0.1",
)  # fmt: skip
PRETENCE: Final = (
    "http://receiver.example/", "http://127.0.0.1:{port}/", "HTTP://[::1]:{port}/", "ftp://127.0.0.1:{port}/",
    "file:///etc/passwd", "gopher://127.0.0.1:{port}/_x", "dict://127.0.0.1:{port}/", "unix:///run/docker.sock",
    "data:text/plain,x", "javascript:alert(1)", "//127.0.0.1:{port}/", "127.0.0.1:{port}", "", "https://", "https:///x",
    "https://:{port}/", "https://receiver.example@127.0.0.1:{port}/", "https://user:word@receiver.example:{port}/",
    "https://@127.0.0.1:{port}/", "https://127.0.0.1:{port}#@receiver.example/", "https://127.0.0.1:{port}?@x.example/",
    "https://127.0.0.1:{port}\\@x.example/", "https://x.example\\@127.0.0.1:{port}/", "https://127.0.0.1:{port}%2f@x/",
    "https://[::1]:{port}/", "https://[0:0:0:0:0:0:0:1]:{port}/", "https://[::ffff:127.0.0.1%25lo]:{port}/",
    "https://127.0.0.1 :{port}/", "https://127.0.0.1%00:{port}/", "https://127.0.0.1\r\nhost: x:{port}/", "https:127.0.0.1:{port}",
    "https://127.0.0.1\t:{port}/", "https://%31%32%37.0.0.1:{port}/", "https://127.0.0.1:99999/", "https://127.0.0.1:-1/",
    " https://127.0.0.1:{port}/", "https://[::1/", "https://[v1.x]:{port}/", "https://0:{port}/", "https://127.000.000.001:{port}/",
)  # fmt: skip


def spellings(dotted: str) -> set[str]:
    """Return one IPv4 address as resolvers of all kinds take it: decimal, octal, hex, short and inside IPv6."""
    ip = ipaddress.IPv4Address(dotted)
    n, parts = int(ip), list(ip.packed)
    low, high = f"{parts[2]:02x}{parts[3]:02x}", f"{parts[0]:02x}{parts[1]:02x}"
    return {
        dotted,
        str(n),
        f"0x{n:08X}",
        f"0{n:o}",
        f"{parts[0]}.{n & 0xFFFFFF}",
        f"{parts[0]}.{parts[1]}.{n & 0xFFFF}",
        ".".join(f"0x{part:x}" for part in parts),
        ".".join(f"0{part:o}" for part in parts),
        f"0x{parts[0]:x}.0{parts[1]:o}.{n & 0xFFFF}",
        f"[::ffff:{dotted}]",
        f"[::ffff:{high}:{low}]",
        f"[0:0:0:0:0:FFFF:{high}:{low}]",
        f"[64:ff9b::{high}:{low}]",
        f"[2002:{high}:{low}::]",
        f"[::{high}:{low}]",
    }


@dataclass
class Canary:
    """Listens where nothing may arrive, as 127.0.0.1 and as ::1 where the machine has it."""

    port: int = 0
    hits: list[str] = field(default_factory=list)

    def touched(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.hits.append(str(writer.get_extra_info("sockname")))
        writer.close()


@asynccontextmanager
async def canary() -> AsyncIterator[Canary]:
    bird = Canary()
    async with await asyncio.start_server(bird.touched, "127.0.0.1", 0) as four:
        bird.port = four.sockets[0].getsockname()[1]
        try:
            six = await asyncio.start_server(bird.touched, "::1", bird.port)
        except OSError:
            yield bird
        else:
            async with six:
                yield bird


async def hostile_names(host: str, port: int) -> list[str]:
    """Read numbers as the system does; let every name lead to this machine, half hidden behind a public address."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return ["93.184.215.14", "127.0.0.1"]
    return [str(address[0]) for *_, address in found]


async def post(url: str, *, internal: bool = False, resolve: object = hostile_names) -> WireAnswer:
    async with Http(internal=internal, resolve=resolve) as way:  # type: ignore[arg-type]
        return await WebhookClient(way).post(url=url, headers={}, body=b"{}")


def corpus() -> list[str]:
    """Return the addresses with `{port}` for the canary's."""
    hosts = {spelling for ip in INSIDE for spelling in spellings(ip)} | {f"[{ip}]" for ip in INSIDE_SIX} | {*NAMES}
    return [*sorted(f"https://{host}:{{port}}/x" for host in hosts), *PRETENCE]


def test_no_address_of_the_corpus_reaches_the_canary() -> None:
    async def story() -> tuple[dict[str, WireAnswer], list[str]]:
        async with canary() as bird:
            answers = {url: await post(url.replace("{port}", str(bird.port))) for url in corpus()}
            return answers, bird.hits

    answers, hits = asyncio.run(story())

    assert hits == []
    assert len(answers) >= 400
    assert {url: answer for url, answer in answers.items() if answer != REFUSED} == {}


def test_the_canary_hears_who_is_allowed_to_call_it() -> None:
    async def story() -> list[str]:
        async with canary() as bird:
            await post(f"http://127.0.0.1:{bird.port}/", internal=True)
            return bird.hits

    assert len(asyncio.run(story())) == 1


@pytest.mark.parametrize("addresses", [["127.0.0.1", "93.184.215.14"], ["93.184.215.14", "::1"], ["169.254.169.254"]])
def test_one_internal_address_among_a_names_addresses_refuses_the_name(addresses: list[str]) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return addresses

    assert asyncio.run(post("https://receiver.example/", resolve=resolve)) == REFUSED


def test_a_name_is_resolved_once_a_call_and_that_very_address_is_called() -> None:
    asked: list[str] = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    async def story() -> tuple[WireAnswer, str]:
        async with far_side(lambda _: http(b"")) as side:
            port = side.url.rpartition(":")[2]
            answer = await post(f"http://receiver.example:{port}/", internal=True, resolve=resolve)
            return answer, side.asked[0].headers["host"].partition(":")[0]

    answer, host = asyncio.run(story())

    assert (answer.status, host, asked) == (200, "receiver.example", ["receiver.example"])


def test_a_name_that_turns_inside_between_two_calls_is_refused_at_the_second() -> None:
    turns = iter([["203.0.114.1"], ["127.0.0.1"]])

    async def resolve(host: str, port: int) -> list[str]:
        return next(turns)

    async def story() -> tuple[bool, WireAnswer, list[str]]:
        async with canary() as bird, Http(resolve=resolve) as way:
            target = f"https://rebinding.example:{bird.port}/"
            _, first = await way._target(target)
            second = await WebhookClient(way).post(url=target, headers={}, body=b"{}")
            return is_public(first), second, bird.hits

    assert asyncio.run(story()) == (True, REFUSED, [])


@pytest.mark.parametrize(("status", "scheme"), list(product([301, 302, 303, 307, 308], ["http", "https"])))
def test_a_redirect_inside_is_an_answer_and_is_not_followed(status: int, scheme: str) -> None:
    async def story() -> tuple[int, list[str]]:
        async with canary() as bird:
            location = {"location": f"{scheme}://127.0.0.1:{bird.port}/"}
            async with far_side(lambda _: http(b"", status=status, headers=location)) as side:
                return (await post(side.url, internal=True)).status, bird.hits

    assert asyncio.run(story()) == (status, [])


def test_an_endless_body_is_not_read() -> None:
    async def story() -> WireAnswer:
        async with far_side(lambda _: http(b"x" * 1_000, length=10**12)) as side:
            return await post(side.url, internal=True)

    answer = asyncio.run(story())

    assert (answer.status, answer.body, answer.silence) == (200, b"", None)


def test_public_addresses_stay_reachable() -> None:
    reachable = (
        "1.1.1.1",
        "8.8.8.8",
        "93.184.215.14",
        "2606:4700::1111",
        "2a00:1450::1",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
    )

    assert [is_public(address) for address in reachable] == [True] * len(reachable)
