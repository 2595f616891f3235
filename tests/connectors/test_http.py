"""The way out: what may have arrived is never called unsent, and nothing internal is called."""

import asyncio
import socket

import pytest

from retour.connectors import http as out
from retour.connectors.http import Bucket, Http, Patience, all_public
from retour.core.address import is_public
from retour.core.ports import Silence, WireAnswer
from tests.connectors.far_side import far_side, http


async def _send(url: str, *, internal: bool = True, patience: Patience | None = None) -> WireAnswer:
    async with Http(internal=internal, patience=patience) as way:
        return await way.send(method="POST", url=url, headers={"x-token": "s3cret"}, body=b"{}")


def _against(answer: bytes, patience: Patience | None = None) -> tuple[WireAnswer, int]:
    async def story() -> tuple[WireAnswer, int]:
        async with far_side(lambda _: answer) as side:
            got = await _send(f"{side.url}/x", patience=patience)
            return got, len(side.asked)

    return asyncio.run(story())


def test_a_whole_answer_comes_back_with_lower_case_headers() -> None:
    got, asked = _against(http(b'{"a":1}', headers={"X-Shopify-API-Version": "2026-10"}))

    assert (got.status, got.body, got.silence, asked) == (200, b'{"a":1}', None, 1)
    assert got.headers["x-shopify-api-version"] == "2026-10"


def test_the_request_carries_its_headers_and_the_name_of_the_host() -> None:
    async def story() -> dict[str, str]:
        async with far_side(lambda _: http(b"{}")) as side:
            await _send(side.url.replace("127.0.0.1", "localhost") + "/x")
            return side.asked[0].headers

    headers = asyncio.run(story())

    assert headers["host"].startswith("localhost:")
    assert (headers["x-token"], headers["accept-encoding"]) == ("s3cret", "identity")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\ncontent-le",
        http(b'{"a":1}', length=900),
        http(b"x" * (out.BODY_LIMIT + 1)),
        http(b"\x1f\x8b", headers={"content-encoding": "gzip"}),
        b"nonsense\r\n\r\n",
    ],
    ids=["silence", "half a head", "too short a body", "too long a body", "an encoding not asked for", "no HTTP"],
)
def test_anything_but_a_whole_answer_is_lost(answer: bytes) -> None:
    got, asked = _against(answer)

    assert (WireAnswer(silence=Silence.LOST), 1) == (got, asked)


def test_an_answer_that_takes_too_long_is_lost() -> None:
    async def story() -> WireAnswer:
        closed = asyncio.Event()

        async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()  # until the caller hangs up
            writer.close()
            closed.set()

        async with await asyncio.start_server(never, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            got = await _send(f"http://127.0.0.1:{port}/", patience=Patience(read_s=0.05))
            await closed.wait()
            return got

    assert asyncio.run(story()) == WireAnswer(silence=Silence.LOST)


def test_a_refused_connection_was_not_sent() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/"

        assert asyncio.run(_send(url)) == WireAnswer(silence=Silence.NOT_SENT)


def test_a_failed_handshake_was_not_sent() -> None:
    async def story() -> WireAnswer:
        async def plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"this is not TLS")
            writer.close()
            await writer.wait_closed()

        async with await asyncio.start_server(plain, "127.0.0.1", 0) as server:
            return await _send(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/")

    assert asyncio.run(story()) == WireAnswer(silence=Silence.NOT_SENT)


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    got, asked = _against(http(b"", status=302, headers={"location": "http://127.0.0.1:1/"}))

    assert (got.status, asked) == (302, 1)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "2130706433", "0x7f000001", "017700000001", "0.0.0.0", "localhost", "[::1]",
        "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "10.1.2.3", "192.168.0.9",
        "169.254.169.254", "172.16.0.1", "100.64.0.1", "[fe80::1]", "[fd00::1]", "224.0.0.1",
    ],
)  # fmt: skip
def test_internal_addresses_are_never_called_however_they_are_spelt(host: str) -> None:
    got = asyncio.run(_send(f"https://{host}/", internal=False))

    assert got == WireAnswer(silence=Silence.NOT_SENT, headers={"x-not-sent": "address"})


@pytest.mark.parametrize(
    "url", ["http://93.184.215.14/", "ftp://93.184.215.14/", "https://a:b@93.184.215.14/", "https:///x"]
)
def test_only_plain_https_addresses_are_called(url: str) -> None:
    got = asyncio.run(_send(url, internal=False))

    assert got == WireAnswer(silence=Silence.NOT_SENT, headers={"x-not-sent": "address"})


@pytest.mark.parametrize("url", ["https://" + "a" * 70 + ".example/", "https://\ud800.example/", "https://[::1/"])
def test_a_host_that_cannot_be_written_is_not_called(url: str) -> None:
    assert asyncio.run(_send(url)).silence is Silence.NOT_SENT


def test_a_secret_that_cannot_be_a_header_is_not_sent() -> None:
    async def story() -> tuple[WireAnswer, int]:
        async with far_side(lambda _: http(b"{}")) as side, Http(internal=True) as way:
            got = await way.send(method="POST", url=side.url, headers={"x-token": "tökén\ud800"}, body=b"{}")
            return got, len(side.asked)

    got, asked = asyncio.run(story())

    assert (got, asked) == (WireAnswer(silence=Silence.NOT_SENT, headers={"x-not-sent": "request"}), 0)


def test_connections_of_the_hosts_unused_for_longest_are_closed() -> None:
    async def story() -> list[str]:
        async with far_side(lambda _: http(b"{}")) as side, Http(internal=True) as way:
            port = side.url.rsplit(":", 1)[1]
            for number in range(2, out.CLIENTS_KEPT + 4):
                sent = await way.send(method="POST", url=f"http://127.0.0.{number}:{port}/", headers={}, body=b"{}")
                assert sent.silence is Silence.NOT_SENT
            await way.send(method="POST", url=side.url, headers={}, body=b"{}")
            return list(way._clients)

    kept = asyncio.run(story())

    assert (len(kept), kept[-1].split(":")[1]) == (out.CLIENTS_KEPT, "//127.0.0.1")


def test_public_addresses_are_public() -> None:
    assert [is_public("93.184.215.14"), is_public("2606:4700::1111"), is_public("::ffff:93.184.215.14")] == [True] * 3


def test_one_internal_address_among_public_ones_is_enough_to_refuse_a_host() -> None:
    assert [all_public(["93.184.215.14"]), all_public(["93.184.215.14", "10.0.0.1"]), all_public([])] == [
        True,
        False,
        False,
    ]


def test_an_untold_bucket_holds_nothing_back() -> None:
    assert Bucket().wait_s(900, urgent=False, now=0.0) == 0.0


def test_a_fifth_of_the_bucket_is_kept_for_urgent_calls() -> None:
    bucket = Bucket()
    bucket.feed(bucket.take(10, now=0.0), currently=500.0, maximum=2000.0, restore=100.0, now=0.0)

    assert (bucket.wait_s(300, urgent=True, now=0.0), bucket.wait_s(300, urgent=False, now=0.0)) == (0.0, 2.0)
    assert bucket.wait_s(300, urgent=False, now=2.0) == 0.0


def test_calls_under_way_are_counted_until_they_are_answered() -> None:
    bucket = Bucket()
    bucket.feed(bucket.take(10, now=0.0), currently=1000.0, maximum=1000.0, restore=100.0, now=0.0)
    first, second = bucket.take(400, now=0.0), bucket.take(400, now=0.0)

    assert bucket.wait_s(400, urgent=True, now=0.0) == 2.0
    bucket.feed(first, currently=900.0, maximum=1000.0, restore=100.0, now=0.0)
    assert bucket.level == 500.0
    bucket.feed(second, currently=None, maximum=None, restore=None, now=0.0)
    assert bucket.flying == {}
