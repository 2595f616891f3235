"""Who may open the dock, and what cannot be done to it."""

import io
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from PIL import Image

from retour.core.account import Role
from retour.store.vault import Vault
from retour.web import csrf
from tests.doors.warehouse.clerk import Clerk, a_clerk, hidden, text_of
from tests.flows.receiving.a_dock import Dock, a_dock

pytestmark = pytest.mark.anyio
HOSTILE = "<script>alert(1)</script>\u202egnihtyna\"'><img src=x onerror=alert(1)>"


def a_jpeg(**more: Any) -> bytes:
    into = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(into, "JPEG", **more)
    return into.getvalue()


async def photographed(clerk: Clerk, dock: Dock, raw: bytes | None = None) -> tuple[str, httpx2.Response]:
    """Return the number of a return with a unit on the bench, and the answer to a photo of it."""
    rma_id = await dock.a_return()
    number = await clerk.number(rma_id)
    await dock.arrive(rma_id)
    path = f"/warehouse/returns/{number}/inspect"
    fields = hidden(await clerk.get(path), path) | {"do": "photo", "note": "typed before"}
    answer = await clerk.post(path, fields, files={"photo": ("../../a.php", raw or a_jpeg(), "text/html")})
    return number, answer


async def test_a_photo_is_kept_shown_and_private(
    clerk: Clerk, dock: Dock, http: httpx2.AsyncClient, vault: Vault
) -> None:
    _, answer = await photographed(clerk, dock)
    assert answer.status_code == 200, text_of(answer)
    assert "typed before" in answer.text
    src = answer.text.split('<img src="/photos/')[1].split('"')[0]

    seen = await clerk.get(f"/photos/{src}")

    assert (seen.status_code, seen.headers["content-type"]) == (200, "image/webp")
    assert seen.headers["cache-control"] == "private, no-store"
    assert seen.headers["x-content-type-options"] == "nosniff"
    assert Image.open(io.BytesIO(seen.content)).size == (40, 30)
    stranger = await a_clerk(http, await a_dock(dock.database, vault), Role.OWNER)
    assert (await stranger.get(f"/photos/{src}")).status_code == 404
    away = await http.get(f"/photos/{src}", headers={"Accept": "text/html"})
    assert (away.status_code, away.headers["location"].startswith("/sign-in")) == (303, True)
    for wrong in (f"{uuid4()}.webp", src.removesuffix(".webp"), "..%2f..%2fetc%2fpasswd", "x.webp"):
        assert (await clerk.get(f"/photos/{wrong}")).status_code == 404


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"<svg onload=alert(1)>", "This is not a photo."),
        (a_jpeg()[:-100], "The photo cannot be read."),
        (a_jpeg() + bytes(10 * 1024 * 1024), "The photo is too large (limit 10 MB)."),
    ],
)
async def test_a_bad_photo_is_refused_in_words_and_nothing_typed_is_lost(
    clerk: Clerk, dock: Dock, raw: bytes, said: str
) -> None:
    _, answer = await photographed(clerk, dock, raw)

    assert answer.status_code == 422
    assert f"{said} Everything else is kept." in text_of(answer)
    assert "typed before" in answer.text
    assert await dock.fetch("SELECT id FROM photo") == []


async def test_a_body_beyond_the_limit_is_cut_off(clerk: Clerk, dock: Dock) -> None:
    rma_id = await dock.a_return()
    number = await clerk.number(rma_id)
    await dock.arrive(rma_id)

    answer = await clerk.post(
        f"/warehouse/returns/{number}/inspect", {}, files={"photo": ("a.jpg", bytes(33 * 1024 * 1024), "image/jpeg")}
    )

    assert answer.status_code in {403, 413}
    assert await dock.fetch("SELECT id FROM photo") == []


@pytest.mark.parametrize("role", list(Role))
async def test_every_role_may_scan(http: httpx2.AsyncClient, dock: Dock, role: Role) -> None:
    somebody = await a_clerk(http, dock, role)

    page = await somebody.get("/warehouse")

    assert page.status_code == 200
    assert ('href="/dashboard"' in page.text) is (role is not Role.WAREHOUSE)


@pytest.mark.parametrize(
    "path", ["/warehouse", "/warehouse/choose", "/warehouse/returns/R-1", "/warehouse/returns/R-1/inspect"]
)
async def test_nobody_signed_in_is_led_to_the_sign_in(http: httpx2.AsyncClient, path: str) -> None:
    answer = await http.get(path, headers={"Accept": "text/html"})

    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/sign-in")


POSTS = [
    "/warehouse/scan", "/warehouse/unannounced", "/warehouse/scans/0199a000-0000-7000-8000-000000000001/undo",
    "receive", "observe", "finish", "inspect",
]  # fmt: skip


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("how", ["foreign", "no token", "another's token", "signed out"])
async def test_a_form_that_is_not_ours_moves_nothing(clerk: Clerk, dock: Dock, path: str, how: str) -> None:
    rma_id = await dock.a_return()
    number = await clerk.number(rma_id)
    at = path if path.startswith("/") else f"/warehouse/returns/{number}/{path}"
    line = await dock.line(rma_id)
    fields: dict[str, Any] = {
        "code": number,
        "line": line.id,
        "quantity": 1,
        "units": 1,
        "grade": "sealed",
        "do": "save",
    }
    headers = {"Sec-Fetch-Site": "cross-site"} if how == "foreign" else {}
    if how == "no token":
        fields["_csrf"] = None
    if how == "another's token":
        fields["_csrf"] = csrf.token_of("another session")
    if how == "signed out":
        clerk.token = "nobody"

    answer = await clerk.post(at, fields, headers=headers)

    assert answer.status_code == (303 if how == "signed out" else 403)
    assert await dock.here(rma_id) == 0
    assert await dock.fetch("SELECT id FROM dock_scan") == []
    assert await dock.differences() == {}


async def test_another_accounts_return_is_not_there(clerk: Clerk, dock: Dock, vault: Vault) -> None:
    theirs = await a_dock(dock.database, vault)
    rma_id = await theirs.a_return()
    number = f"R-{(await theirs.see(rma_id)).rma.number}"
    line = await theirs.line(rma_id)

    assert (await clerk.get(f"/warehouse/returns/{number}")).status_code == 404
    for what in ("receive", "observe", "finish", "inspect"):
        fields = {"line": line.id, "quantity": 1, "units": 1, "grade": "sealed", "do": "save", "here": 0}
        assert (await clerk.post(f"/warehouse/returns/{number}/{what}", fields)).status_code == 404
    assert (await clerk.post("/warehouse/scan", {"code": "x", "within": number})).status_code == 404
    assert await theirs.here(rma_id) == 0
    assert await theirs.differences() == {}


@pytest.mark.parametrize("number", ["R-", "R-abc", "10001", "R-99999999999999999999", "R-1%00", "R-²"])
async def test_a_number_that_is_none_is_not_there(clerk: Clerk, number: str) -> None:
    assert (await clerk.get(f"/warehouse/returns/{number}")).status_code == 404


async def test_text_from_people_is_shown_inert(clerk: Clerk, dock: Dock) -> None:
    rma_id = await dock.a_return()
    number = await clerk.number(rma_id)
    await clerk.post("/warehouse/scan", {"code": HOSTILE, "within": number})
    await clerk.post(
        f"/warehouse/returns/{number}/observe",
        {"kind": "not_on_it", "units": 1, "code": HOSTILE, "note": HOSTILE * 100},
    )
    await dock.fetch("UPDATE return_line SET note = $1", HOSTILE)
    await dock.arrive(rma_id)

    for path in ("/warehouse", f"/warehouse/returns/{number}", f"/warehouse/returns/{number}/inspect"):
        page = await clerk.get(path)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert "style=" not in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("units", ["0", "-1", "10001", "1e3", "", "9" * 400])
async def test_a_number_of_extras_that_makes_no_sense_is_explained(clerk: Clerk, dock: Dock, units: str) -> None:
    number = await clerk.number(await dock.a_return())

    answer = await clerk.post(
        f"/warehouse/returns/{number}/observe", {"kind": "surplus", "units": units, "note": "kept words"}
    )

    assert answer.status_code == 422
    assert "Enter a number from 1 to 10,000." in text_of(answer)
    assert "kept words" in answer.text
    assert await dock.differences() == {}


async def test_an_enormous_form_is_refused(clerk: Clerk, dock: Dock) -> None:
    number = await clerk.number(await dock.a_return())

    answer = await clerk.post(f"/warehouse/returns/{number}/observe", {"units": 1, "note": "x" * 1_000_000})

    assert answer.status_code == 413
    assert await dock.differences() == {}


async def test_a_photo_belongs_to_the_unit_it_was_taken_of(clerk: Clerk, dock: Dock) -> None:
    rma_id = await dock.a_return(2)
    number = await clerk.number(rma_id)
    path = f"/warehouse/returns/{number}/inspect"
    await dock.arrive(rma_id, 2)
    fields = hidden(await clerk.get(path), path)
    shown = await clerk.post(path, fields | {"do": "photo"}, files={"photo": ("a.jpg", a_jpeg(), "image/jpeg")})
    assert "Photo 1" in shown.text

    fields = hidden(shown, path) | {"do": "save", "grade": "sealed", "location": "A-1"}
    following = await clerk.get((await clerk.post(path, fields)).headers["location"])

    assert "the last unit that waits" in text_of(following)
    assert "Photo 1" not in following.text
    assert len(await dock.fetch("SELECT id FROM photo")) == 1
