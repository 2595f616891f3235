"""The sandbox warehouse: believes what is signed, reports what it is asked to, each report under one id."""

import json
import time

import httpx2
from standardwebhooks import Webhook

from retour.sandbox.signing import sign
from tests.sandbox.desk import Inbox, a_sandbox
from tests.sandbox.test_sandbox_posts import _tell

SECRET, TOLD = "whsec_aHVzaCBodXNoIGh1c2g=", "whsec_dG9sZCB0b2xkIHRvbGQ="
LINE = {"line_id": "0e8c0000-0000-4000-8000-000000000001", "sku": "TEE", "quantity": 2}


def announced(event: str = "msg-1", *, quantity: int = 2) -> tuple[bytes, dict[str, str]]:
    data = {"number": 10_001, "lines": [{**LINE, "quantity": quantity}]}
    body, at = json.dumps({"type": "return.expected", "data": data}).encode(), str(int(time.time()))
    return body, {"webhook-id": event, "webhook-timestamp": at, "webhook-signature": sign(TOLD, event, at, body)}


def test_a_warehouse_reports_what_it_was_told_to_expect() -> None:
    app = a_sandbox()

    async def story(client: httpx2.AsyncClient, inbox: Inbox) -> None:
        await client.post("/warehouse/settings", json={"url": inbox.url, "secret": SECRET, "announced_secret": TOLD})
        body, headers = announced()
        assert (await client.post("/warehouse/announcements", content=body, headers=headers)).status_code == 200
        for act in ("receive", "inspect", "restock"):
            assert (await client.post(f"/warehouse/returns/R-10001/{act}", json={"id": act})).status_code == 201
            await inbox.wait_for(("receive", "inspect", "restock").index(act) + 1)

        said = []
        for headers, raw in inbox.got:
            assert Webhook(SECRET).verify(raw, headers)
            said.append((headers["webhook-id"], json.loads(raw)["schema"], json.loads(raw)["lines"]))

        line = {"line_id": LINE["line_id"], "quantity": 2}
        assert said == [
            ("receive", "retour.receipt/1", [line]),
            ("inspect", "retour.inspection/1", [{**line, "grade": "sealed"}]),
            ("restock", "retour.restock/1", [line]),
        ]

    _tell(app, story)


def test_only_a_signed_announcement_counts_and_the_newest_word_stands() -> None:
    app = a_sandbox()

    async def story(client: httpx2.AsyncClient, _: Inbox) -> None:
        await client.post("/warehouse/settings", json={"announced_secret": TOLD})
        body, headers = announced()
        forged = await client.post("/warehouse/announcements", content=body.replace(b"2", b"9"), headers=headers)
        unknown = await client.post("/warehouse/returns/R-10001/receive", json={})
        await client.post("/warehouse/announcements", content=body, headers=headers)
        newer, signed = announced("msg-2", quantity=1)
        await client.post("/warehouse/announcements", content=newer, headers=signed)
        await client.post("/warehouse/announcements", content=body, headers=headers)  # the first one once more

        told = (await client.get("/warehouse/returns/R-10001")).json()

        assert (forged.status_code, unknown.status_code) == (401, 404)
        assert [line["quantity"] for line in told["lines"]] == [1]

    _tell(app, story)
