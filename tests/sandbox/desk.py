"""Talk to a sandbox in-process or over a real socket, and receive what it sends."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from retour.sandbox.app import Sandbox, create_app
from retour.sandbox.shopify.state import Settings

TOKEN = "sandbox-token"
BAG = "{ shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }"
REFUND = """
mutation ($in: RefundInput!, $key: String!) {
  refundCreate(input: $in) @idempotent(key: $key) {
    refund { id note totalRefundedSet { presentmentMoney { amount } } transactions(first: 5) { nodes { id status } } }
    userErrors { field message }
  }
}"""
ADJUST = """
mutation ($in: InventoryAdjustQuantitiesInput!, $key: String!) {
  inventoryAdjustQuantities(input: $in) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id changes { delta quantityAfterChange } }
    userErrors { field message code }
  }
}"""


def a_sandbox(**settings: Any) -> Sandbox:
    """Return an empty shop whose cost bucket is off unless asked for."""
    return create_app(orders=0, settings=Settings(**{"cost_points_per_s": None, **settings}))


async def request(
    app: Any, path: str, *, method: str = "POST", body: bytes = b"", headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    """Send one request to the application in-process; return status, headers, body."""
    bare, _, query = path.partition("?")
    out: list[dict[str, Any]] = []
    sent = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        return sent.pop() if sent else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        out.append(message)

    raw = [(k.lower().encode(), v.encode()) for k, v in {"host": "sandbox.test", **(headers or {})}.items()]
    scope = {
        "type": "http", "path": bare, "raw_path": bare.encode(), "query_string": query.encode(), "method": method,
        "headers": raw, "scheme": "http", "server": ("sandbox.test", 80), "root_path": "", "http_version": "1.1",
    }  # fmt: skip
    await app(scope, receive, send)
    seen = {k.decode(): v.decode() for k, v in out[0]["headers"]}
    return out[0]["status"], seen, b"".join(m.get("body", b"") for m in out[1:])


def gql(app: Any, query: str, variables: dict[str, Any] | None = None, *, name: str | None = None) -> dict[str, Any]:
    """Return the decoded answer of one GraphQL call."""
    body = json.dumps({"query": query, "variables": variables or {}, "operationName": name}).encode()
    headers = {"x-shopify-access-token": TOKEN}
    _, _, answer = asyncio.run(request(app, "/admin/api/2026-10/graphql.json", body=body, headers=headers))
    return json.loads(answer)  # type: ignore[no-any-return]


def control(app: Any, path: str, wish: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the answer of one control call: POST when there is a wish, else GET."""
    method, body = ("GET", b"") if wish is None else ("POST", json.dumps(wish).encode())
    status, _, answer = asyncio.run(request(app, path, method=method, body=body))
    assert status == 200, answer
    return json.loads(answer)  # type: ignore[no-any-return]


def an_order(app: Any, **spec: Any) -> dict[str, Any]:
    """Return a fresh order: by default two tees at 19.99, VAT inside, sent and paid by card."""
    line = {"sku": "RT-TEE-BLK-M", "price": "19.99", "quantity": 2, "taxes": [["VAT", "0.19"]]}
    return control(app, "/_sandbox/orders", {"lines": [line], "email": "ann@example.com", **spec})


def refund_wish(order: dict[str, Any], amount: str | None, **more: Any) -> dict[str, Any]:
    """Return a RefundInput that gives `amount` back on the order's first payment."""
    wish = {"orderId": order["id"], "note": "RMA-1 / 7d1f4d0e", "notify": False, "allowOverRefunding": False, **more}
    if amount is not None:
        payment = order["transactions"][0]
        wish["transactions"] = [
            {
                "orderId": order["id"], "parentId": payment["id"], "gateway": payment["gateway"], "kind": "REFUND",
                "amount": amount,
            }
        ]  # fmt: skip
    return wish


def refund(app: Any, wish: dict[str, Any], *, key: str) -> dict[str, Any]:
    """Return the whole answer of one refundCreate."""
    return gql(app, REFUND, {"in": wish, "key": key})


def money_of(app: Any, order: dict[str, Any]) -> tuple[str, int]:
    """Return what the books say: refunded amount and number of refunds."""
    book = control(app, f"/_sandbox/books?order={order['id']}")["orders"][order["name"]]
    return book["refunded"], len(book["refunds"])


@asynccontextmanager
async def serving(app: Any) -> AsyncIterator[str]:
    """Serve the application on a free loopback port and give its address; calls queue until it is up."""
    door = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, log_level="critical", lifespan="off", ws="none", access_log=False, timeout_keep_alive=75
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve(sockets=[door]))
    try:
        yield f"http://127.0.0.1:{door.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running


class Inbox:
    """A listener that keeps what it is sent and answers with the status it is told."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        self.url = ""
        self._news = asyncio.Condition()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in head)}
        body = await reader.readexactly(int(headers["content-length"]))
        writer.write(f"HTTP/1.1 {self.status} X\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()
        async with self._news:
            self.got.append((headers, body))
            self._news.notify_all()

    async def wait_for(self, count: int) -> None:
        """Wait until that many deliveries came."""
        async with asyncio.timeout(5), self._news:
            await self._news.wait_for(lambda: len(self.got) >= count)


@asynccontextmanager
async def an_inbox() -> AsyncIterator[Inbox]:
    """Listen on a free loopback port."""
    inbox = Inbox()
    server = await asyncio.start_server(inbox.serve, "127.0.0.1", 0)
    inbox.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hooks"
    try:
        yield inbox
    finally:
        server.close()
        await server.wait_closed()
