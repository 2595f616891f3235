"""Labels and return addresses over the API: kept, printed in every form, tried again, done without."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from retour.core.account import Role
from retour.core.platforms import Platforms
from retour.core.policy.outcome import MethodKind, MethodOffer, Methods
from retour.core.policy.template import template
from retour.flows import label as label_flow
from retour.flows import policy, rma
from retour.store import rma as returns
from retour.store.db import Database
from retour.store.policy import PolicyCache
from retour.store.vault import Vault
from tests.doors.api.a_return import Shop, open_shop, read, send, wish
from tests.doors.api.conftest import code_of
from tests.stories.house import now

pytestmark = pytest.mark.anyio
DOCK = {"name": "Returns", "street": ["Dock 7"], "town": "Hamburg", "country": "DE", "postcode": "20457"}
PLACE = {"code": "main", "address": DOCK, "instructions": {"en": "Any counter takes it."}}


@pytest.fixture
async def shop(database: Database, vault: Vault) -> Shop:
    shop = await open_shop(database, vault, automatic=True)
    document = template(automatic=True)
    offered = Methods((MethodOffer(MethodKind.LABEL),))
    async with database.tx(shop.merchant.tenant_id) as db:
        await policy.publish(
            db, store_id=shop.merchant.stores["main"], actor="cli", now=now(),
            document=replace(document, currency="EUR", defaults=replace(document.defaults, methods=offered)),
        )  # fmt: skip
    return shop


async def asked(http: httpx2.AsyncClient, shop: Shop) -> UUID:
    answer = await send(http, shop, "/returns", wish(shop))
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])


async def work(database: Database, vault: Vault, shop: Shop, rma_id: UUID) -> None:
    """Do what the worker does: move the return on, then make its labels."""
    tenant_id = shop.merchant.tenant_id
    async with database.tx(tenant_id) as db:
        await rma.advance(
            db, tenant_id=tenant_id, rma_id=rma_id, platforms=Platforms({"shopify": {}}, timedelta(seconds=1)),
            policies=PolicyCache(), now=now(),
        )  # fmt: skip
        record = await returns.load(db, rma_id)
    assert record is not None
    for label in record.rma.labels:
        async with database.tx(tenant_id) as db:
            await label_flow.make(db, vault, label_id=label.id, now=now())


async def test_a_label_comes_in_every_form_and_its_codes_read_back(
    http: httpx2.AsyncClient, shop: Shop, database: Database, vault: Vault, tmp_path: Any
) -> None:
    added = await send(http, shop, "/return-addresses", PLACE)
    assert (added.status_code, added.json()["is_default"], added.json()["version"]) == (201, True, 1)
    rma_id = await asked(http, shop)
    early = await http.get(f"/returns/{rma_id}/labels/a6.pdf", headers=shop.merchant.headers())
    assert code_of(early) == (404, "label_not_found")

    await work(database, vault, shop, rma_id)

    (label,) = (await read(http, shop, f"/returns/{rma_id}/labels"))["items"]
    assert (label["parcel"], label["state"], label["problem"], label["destination"]) == (1, "made", None, None)
    number = (await read(http, shop, f"/returns/{rma_id}"))["number"]
    files = {}
    for name in ("a6.pdf", "4x6.pdf", "label.zpl", "qr.png", "qr.svg", "packing-slip.pdf"):
        at = f"/returns/{rma_id}/labels/{name}"
        answer = await http.get(at, headers=shop.merchant.headers(Role.WAREHOUSE))
        assert answer.status_code == 200, answer.text
        files[name] = (answer.headers["content-type"].partition(";")[0], answer.content)
    assert [kind for kind, _ in files.values()] == [
        "application/pdf", "application/pdf", "application/zpl", "image/png", "image/svg+xml", "application/pdf",
    ]  # fmt: skip
    sizes = []
    for name in ("a6.pdf", "4x6.pdf"):
        page = pypdfium2.PdfDocument(files[name][1])[0]
        sizes.append(tuple(round(side / 72 * 25.4) for side in page.get_size()))
        found = zxingcpp.read_barcodes(page.render(scale=203 / 72).to_pil())
        assert {f.text for f in found} == {number}
        assert len(found) == 2
    assert sizes == [(105, 148), (102, 152)]
    (tmp_path / "qr.png").write_bytes(files["qr.png"][1])
    assert [f.text for f in zxingcpp.read_barcodes(Image.open(tmp_path / "qr.png"))] == [number]
    assert f"^FD{number}^FS".encode() in files["label.zpl"][1]
    assert files["qr.svg"][1].startswith(b"<svg")


async def test_a_label_that_failed_is_tried_again_or_done_without(
    http: httpx2.AsyncClient, shop: Shop, database: Database, vault: Vault
) -> None:
    first = await asked(http, shop)
    await work(database, vault, shop, first)
    (label,) = (await read(http, shop, f"/returns/{first}/labels"))["items"]
    assert (label["state"], label["problem"]) == ("failed", "return_address_missing")
    blocked = (await read(http, shop, f"/returns/{first}"))["blocked_by"]
    assert (blocked["actor"], blocked["code"]) == ("agent", "label_failed")
    forbidden = await send(http, shop, f"/returns/{first}/labels/waive", {}, role=Role.WAREHOUSE)
    assert code_of(forbidden) == (403, "forbidden")

    await send(http, shop, "/return-addresses", PLACE)
    again = await send(http, shop, f"/returns/{first}/labels/retry", {})
    assert again.status_code == 200, again.text
    await work(database, vault, shop, first)

    assert (await read(http, shop, f"/returns/{first}/labels"))["items"][0]["state"] == "made"
    for act in ("retry", "waive"):
        assert code_of(await send(http, shop, f"/returns/{first}/labels/{act}", {})) == (409, "no_failed_label")
    assert code_of(await send(http, shop, f"/returns/{shop.order_id}/labels/retry", {})) == (404, "return_not_found")


async def test_a_label_is_done_without(http: httpx2.AsyncClient, shop: Shop, database: Database, vault: Vault) -> None:
    rma_id = await asked(http, shop)
    await work(database, vault, shop, rma_id)

    done = await send(http, shop, f"/returns/{rma_id}/labels/waive", {}, role=Role.AGENT)

    assert done.status_code == 200, done.text
    assert (await read(http, shop, f"/returns/{rma_id}/labels"))["items"][0]["state"] == "waived"
    assert done.json()["blocked_by"]["code"] == "awaiting_shipment"


async def test_return_addresses_are_added_changed_and_removed(http: httpx2.AsyncClient, shop: Shop) -> None:
    main = (await send(http, shop, "/return-addresses", PLACE)).json()
    mugs = (await send(http, shop, "/return-addresses", PLACE | {"code": "mugs"})).json()
    assert (main["is_default"], mugs["is_default"]) == (True, False)
    assert code_of(await send(http, shop, "/return-addresses", PLACE)) == (409, "already_exists")
    assert code_of(await send(http, shop, f"/return-addresses/{main['id']}/remove", {})) == (409, "default_needed")

    changed = await send(http, shop, f"/return-addresses/{mugs['id']}", PLACE | {"code": "mugs", "is_default": True})
    late = await send(
        http, shop, f"/return-addresses/{mugs['id']}", PLACE | {"code": "cups", "expect_version": mugs["version"]}
    )

    assert changed.status_code == 200, changed.text
    assert code_of(late) == (409, "state_changed")
    assert [(a["code"], a["is_default"]) for a in (await read(http, shop, "/return-addresses"))["items"]] == [
        ("mugs", True), ("main", False),
    ]  # fmt: skip
    removed = await send(http, shop, f"/return-addresses/{main['id']}/remove", {})
    assert [a["code"] for a in removed.json()["items"]] == ["mugs"]
    assert code_of(await send(http, shop, f"/return-addresses/{main['id']}", PLACE)) == (
        404,
        "return_address_not_found",
    )


@pytest.mark.parametrize(
    ("different", "field"),
    [
        ({"address": DOCK | {"town": " "}}, "address.town"),
        ({"address": DOCK | {"street": [" "]}}, "address.street"),
        ({"address": DOCK | {"name": "Ann\u202e"}}, "address.name"),
        ({"code": " "}, "code"),
        ({"instructions": {"xx": "Hello"}}, "instructions"),
    ],
)
async def test_what_cannot_be_printed_is_refused_by_name(
    http: httpx2.AsyncClient, shop: Shop, different: dict[str, Any], field: str
) -> None:
    refused = await send(http, shop, "/return-addresses", PLACE | different)

    assert refused.status_code == 422
    assert refused.json()["field"] == field
    assert (await read(http, shop, "/return-addresses"))["items"] == []
