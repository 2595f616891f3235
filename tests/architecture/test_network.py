import pytest

from tests.architecture.network import awaited_in_transaction, network_client_elsewhere, port_methods
from tests.architecture.tree import Source, sources

PORTS = "src/retour/core/ports.py"


def test_only_connectors_talk_http() -> None:
    findings = [finding for source in sources("src/retour") for finding in network_client_elsewhere(source)]

    assert findings == []


def test_no_port_is_awaited_while_a_transaction_is_open() -> None:
    methods = {name for ports in sources(PORTS) for name in port_methods(ports)}

    findings = [finding for source in sources("src/retour") for finding in awaited_in_transaction(source, methods)]

    assert findings == []


@pytest.mark.parametrize(
    "line", ["import httpx2", "from httpx2 import AsyncClient", "import urllib.request", "from http import client"]
)
def test_an_http_client_in_a_flow_is_found(line: str) -> None:
    assert len(network_client_elsewhere(Source("src/retour/flows/refund.py", line))) == 1
    assert len(network_client_elsewhere(Source("src/retour/connectors/shopify/translate.py", line))) == 1
    assert network_client_elsewhere(Source("src/retour/connectors/shopify/client.py", line)) == []
    assert network_client_elsewhere(Source("src/retour/connectors/http.py", line)) == []


def test_the_methods_of_protocols_are_the_ports() -> None:
    ports = Source(
        PORTS,
        "class Gateway(Protocol):\n    async def refund(self): ...\n    def _x(self): ...\n"
        "    def pages(self) -> AsyncIterator[Page]: ...\n    def build(self) -> Request: ...\n"
        "class Money:\n    async def no(self): ...\n",
    )

    assert port_methods(ports) == {"refund", "pages"}


@pytest.mark.parametrize(
    "planted",
    [
        "async with tx(tenant) as db:\n        await gateway.refund(order)",
        "async with db.transaction():\n        if due:\n            x = (await self.gateway.refund(order)).id",
        "async with tenant_transaction(tenant):\n        async for page in gateway.refund(order):\n            pass",
        "async with tx(tenant):\n        await asyncio.wait_for(gateway.refund(order), 3)",
        "async with tx(tenant):\n        x = [y async for y in gateway.refund(order)]",
    ],
)
def test_a_port_awaited_in_a_transaction_is_found(planted: str) -> None:
    source = Source("src/retour/flows/refund.py", f"async def f(tx, gateway):\n    {planted}\n")

    assert len(awaited_in_transaction(source, {"refund"})) == 1


def test_a_port_awaited_in_a_function_that_is_handed_a_transaction_is_found() -> None:
    source = Source("src/retour/flows/refund.py", "async def f(db: Db, gateway):\n    await gateway.refund(1)\n")

    assert awaited_in_transaction(source, {"refund"}) == [
        "src/retour/flows/refund.py:2: gateway.refund is awaited while a transaction is open"
    ]


@pytest.mark.parametrize(
    "kept",
    [
        "async with tx(tenant) as db:\n        await refunds.refund(db)",
        "async with tx(tenant) as db:\n        pass\n    await gateway.refund(order)",
        "async with limiter() as db:\n        await gateway.refund(order)",
    ],
)
def test_a_store_call_or_a_call_outside_the_block_is_left_alone(kept: str) -> None:
    text = f"from retour.store import refund as refunds\nasync def f(tx, gateway):\n    {kept}\n"

    assert awaited_in_transaction(Source("src/retour/flows/refund.py", text), {"refund"}) == []
