"""The sandbox returns system: takes a return once, misbehaves as told, and tells how it stands, crookedly if asked."""

import json
import time
from collections.abc import Mapping

import httpx2
import pytest
from standardwebhooks import Webhook

from retour.sandbox.signing import sign
from tests.sandbox.desk import Inbox, a_sandbox
from tests.sandbox.test_sandbox_posts import _tell

SECRET, PUSHED = "whsec_aHVzaCBodXNoIGh1c2g=", "whsec_cHVzaGVkIHB1c2hlZA=="
AT = "/returns-system"
RETURN = {
    "schema": "retour.return/1", "id": "ours-1", "status": "requested", "created_at": "2026-02-28T10:00:00Z",
    "updated_at": "2026-02-28T10:00:00Z", "items": [{"sku": "TEE", "quantity": 1}],
}  # fmt: skip


def signed(message: Mapping[str, object]) -> tuple[bytes, dict[str, str]]:
    body, at = json.dumps(message).encode(), str(int(time.time()))
    return body, {"webhook-id": "k-1", "webhook-timestamp": at, "webhook-signature": sign(PUSHED, "k-1", at, body)}


def test_a_signed_return_is_opened_once_and_a_forged_one_never() -> None:
    app = a_sandbox()

    async def story(client: httpx2.AsyncClient, _: Inbox) -> None:
        await client.post(f"{AT}/settings", json={"push_secret": PUSHED})
        body, headers = signed(RETURN)
        first = await client.post(f"{AT}/returns", content=body, headers=headers)
        second = await client.post(f"{AT}/returns", content=body, headers=headers)
        forged = await client.post(f"{AT}/returns", content=body.replace(b"1", b"2"), headers=headers)
        unsigned = await client.get(f"{AT}/returns/ours-1")
        told = (await client.get(f"{AT}/returns")).json()

        assert [one.status_code for one in (first, second, forged, unsigned)] == [201, 200, 401, 401]
        assert first.json() == second.json()
        assert (told["pushes"], [one["times_opened"] for one in told["returns"]]) == (2, [1])

    _tell(app, story)


def test_it_misbehaves_before_and_after_it_acts() -> None:
    app = a_sandbox()

    async def story(client: httpx2.AsyncClient, _: Inbox) -> None:
        faults = [{"status": 429, "retry_after": 3}, {"status": 500, "acts": True}, {"acts": True}]
        await client.post(f"{AT}/settings", json={"faults": faults})
        busy = await client.post(f"{AT}/returns", json=RETURN)
        nothing = await client.get(f"{AT}/returns/ours-1")
        failed = await client.post(f"{AT}/returns", json=RETURN)
        with pytest.raises(httpx2.TransportError):
            await client.post(f"{AT}/returns", json=RETURN)
        at_last = await client.post(f"{AT}/returns", json=RETURN)

        assert (busy.status_code, busy.headers["retry-after"], nothing.status_code) == (429, "3", 404)
        assert (failed.status_code, at_last.status_code) == (500, 200)

    _tell(app, story)


def test_it_tells_how_a_return_stands_twice_and_backwards_and_when_it_is_asked() -> None:
    app = a_sandbox()

    async def story(client: httpx2.AsyncClient, inbox: Inbox) -> None:
        settings = {"url": inbox.url, "secret": SECRET, "duplicate": 1, "reorder": 2, "token": "t"}
        await client.post(f"{AT}/settings", json=settings)
        theirs = (await client.post(f"{AT}/returns", json=RETURN)).json()["id"]
        for status in ("approved", "received"):
            assert (
                await client.post(f"{AT}/returns/ours-1/advance", json={"status": status, "id": status})
            ).status_code == 200
        await inbox.wait_for(4)
        unknown = await client.post(f"{AT}/returns/nobody/advance", json={})
        refused = await client.get(f"{AT}/changes?since=2026-01-01T00:00:00Z")
        asked = await client.get(f"{AT}/changes?since=2026-01-01T00:00:00Z", headers={"authorization": "Bearer t"})

        said = [
            (headers["webhook-id"], json.loads(raw)["id"])
            for headers, raw in inbox.got
            if Webhook(SECRET).verify(raw, headers)
        ]
        assert sorted(said) == [("approved", theirs)] * 2 + [("received", theirs)] * 2
        assert (unknown.status_code, refused.status_code) == (404, 401)
        assert [(item["id"], item["status"]) for item in asked.json()["items"]] == [(theirs, "received")]
        assert asked.json()["next"] is None

    _tell(app, story)
