"""Pictures of goods: asked for once, fetched by the worker alone, kept small, and shown to whoever has the id."""

import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from litestar import Litestar
from PIL import Image

from retour.connectors.http import Http
from retour.connectors.picture.client import PictureClient
from retour.flows import picture as flow
from retour.sandbox.pictures import picture as drawn
from retour.store import due
from retour.store import picture as pictures
from retour.store.db import Database
from retour.web.pictures import picture_handlers
from tests.connectors.far_side import Asked, FarSide, far_side, http
from tests.serving import served

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
OPEN_ACCOUNT = "INSERT INTO account (tenant_id, name) VALUES ($1, 'Acme')"


@dataclass
class Stage:
    """A server that answers by path, and an account that wants its pictures."""

    database: Database
    side: FarSide
    http: Http
    tenant_id: UUID

    async def want(self, *paths: str) -> list[UUID]:
        async with self.database.tx(self.tenant_id) as db:
            return await pictures.want(db, urls=[self.side.url + path for path in paths], at=NOON)

    async def fetch(self, id_: UUID, *, at: datetime = NOON) -> str | None:
        return await flow.fetch(
            self.database, PictureClient(self.http), tenant_id=self.tenant_id, picture_id=id_, clock=lambda: at
        )

    async def row(self, id_: UUID) -> Any:
        async with self.database.tx(self.tenant_id) as db:
            return await db.fetchrow("SELECT webp, due_at, tries, problem FROM picture WHERE id = $1", id_)


def a_photo(side: int) -> bytes:
    """Return a JPEG full of noise, which no encoder makes small."""
    into = io.BytesIO()
    Image.frombytes("RGB", (side, side), Random(1).randbytes(side * side * 3)).save(into, "JPEG", quality=95)
    return into.getvalue()


ANSWERS = {
    "/sock.png": http(drawn("RT-SOCK-3P"), headers={"content-type": "text/html"}),
    "/noise.jpg": http(a_photo(900)),
    "/page": http(b"<!doctype html><title>no picture</title>", headers={"content-type": "image/png"}),
    "/svg": http(b"<svg xmlns='http://www.w3.org/2000/svg'/>", headers={"content-type": "image/svg+xml"}),
    "/gone.png": http(b"", status=404),
    "/busy.png": http(b"", status=503),
    "/away.png": http(b"", status=302, headers={"location": "http://127.0.0.1:1/secret"}),
}


@pytest.fixture
async def stage(database: Database) -> AsyncIterator[Stage]:
    def answer(asked: Asked) -> bytes:
        return ANSWERS.get(asked.path, b"")

    tenant_id = uuid4()
    async with database.tx(tenant_id) as db:
        await db.execute(OPEN_ACCOUNT, tenant_id)
    async with far_side(answer) as side, Http(internal=True) as way:
        yield Stage(database, side, way, tenant_id)


async def test_a_picture_is_fetched_once_and_kept_small(stage: Stage) -> None:
    (wanted,) = await stage.want("/sock.png", "/sock.png")
    assert await stage.want("/sock.png") == []

    assert await stage.fetch(wanted) is None
    assert await stage.fetch(wanted) is None

    kept = (await stage.row(wanted))["webp"]
    with Image.open(io.BytesIO(kept)) as image:
        assert (image.format, image.size) == ("WEBP", (112, 112))
    assert len(kept) <= 4096
    assert [asked.path for asked in stage.side.asked] == ["/sock.png"]
    assert "authorization" not in stage.side.asked[0].headers


async def test_even_a_noisy_photo_is_small(stage: Stage) -> None:
    (wanted,) = await stage.want("/noise.jpg")

    assert await stage.fetch(wanted) is None
    assert len((await stage.row(wanted))["webp"]) <= 8192


@pytest.mark.parametrize(
    ("path", "problem"), [("/page", "not_a_picture"), ("/svg", "not_a_picture"), ("/gone.png", "gone")]
)
async def test_what_can_never_be_a_picture_is_given_up(stage: Stage, path: str, problem: str) -> None:
    (wanted,) = await stage.want(path)

    assert await stage.fetch(wanted) == problem

    row = await stage.row(wanted)
    assert (row["webp"], row["due_at"], row["tries"], row["problem"]) == (None, None, 1, problem)


@pytest.mark.parametrize(
    ("path", "problem"), [("/busy.png", "status_503"), ("/silent.png", "no_answer"), ("/away.png", "status_302")]
)
async def test_what_may_come_later_is_asked_for_again_and_no_redirect_is_followed(
    stage: Stage, path: str, problem: str
) -> None:
    (wanted,) = await stage.want(path)

    assert await stage.fetch(wanted) == problem
    assert (await stage.row(wanted))["due_at"] == NOON + timedelta(minutes=1)
    for _ in range(4):
        await stage.fetch(wanted)

    row = await stage.row(wanted)
    assert (row["webp"], row["due_at"], row["tries"]) == (None, None, 5)
    assert len(stage.side.asked) == 5


async def test_an_internal_address_is_never_called(stage: Stage) -> None:
    (wanted,) = await stage.want("/sock.png")

    async with Http() as public:
        source = PictureClient(public)
        problem = await flow.fetch(
            stage.database, source, tenant_id=stage.tenant_id, picture_id=wanted, clock=lambda: NOON
        )  # fmt: skip

    assert problem == "forbidden_address"
    assert stage.side.asked == []
    assert (await stage.row(wanted))["due_at"] is None


async def test_the_sweep_finds_what_is_due_and_another_account_sees_nothing(stage: Stage) -> None:
    (wanted,) = await stage.want("/sock.png")
    other = uuid4()

    async with stage.database.tx(None) as db:
        found = await due.pictures(db, most=100, overdue=timedelta(0))
    async with stage.database.tx(other) as db:
        assert await pictures.due(db, wanted) is None
        assert await pictures.paths(db, urls=[f"{stage.side.url}/sock.png"]) == {}

    assert (stage.tenant_id, wanted) in found


async def test_the_same_address_is_another_picture_for_another_account(stage: Stage) -> None:
    (wanted,) = await stage.want("/sock.png")
    other = uuid4()
    async with stage.database.tx(other) as db:
        await db.execute(OPEN_ACCOUNT, other)
        (theirs,) = await pictures.want(db, urls=[f"{stage.side.url}/sock.png"], at=NOON)

    assert wanted != theirs


async def test_addresses_that_cannot_be_are_not_wanted(stage: Stage) -> None:
    async with stage.database.tx(stage.tenant_id) as db:
        assert await pictures.want(db, urls=[None, "", "https://example.test/" + "x" * 2_000], at=NOON) == []
        assert await pictures.paths(db, urls=[None]) == {}


async def test_a_kept_picture_is_shown_for_ever_and_a_missing_one_is_not(stage: Stage) -> None:
    (wanted,) = await stage.want("/sock.png")
    address = f"{stage.side.url}/sock.png"
    app = Litestar(picture_handlers(stage.database), openapi_config=None, logging_config=None)
    async with served(app) as server, httpx2.AsyncClient(base_url=server) as client:
        early = await client.get(f"/pictures/{wanted}.webp")
        await stage.fetch(wanted)
        async with stage.database.tx(stage.tenant_id) as db:
            path = (await pictures.paths(db, urls=[address, None]))[address]
        answer = await client.get(path)
        lost = [await client.get(f"/pictures/{name}") for name in (f"{uuid4()}.webp", "x.webp", f"{wanted}.png", "..")]

    assert early.status_code == 404
    assert early.headers["cache-control"] == "no-store"
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.content == (await stage.row(wanted))["webp"]
    assert {found.status_code for found in lost} == {404}
