"""The browser's files: bundled, compressed, never stale, and light."""

import gzip
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from retour.core.brand import DEFAULT
from retour.web.assets import DOORS, Assets
from retour.web.brand_sheet import brand_sheet, brand_url
from retour.web.problem import exception_handlers
from retour.web.serving import kit_handlers
from tests.web.readers import the_pages

PORTAL_BUDGET_BYTES = 150 * 1024
PICTURES_AND_PAGE_BYTES = 60 * 1024  # ten thumbnails of 4 KB and the page itself


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient[Litestar]]:
    handlers = kit_handlers(the_pages(), lambda: datetime(2026, 5, 21, tzinfo=UTC))
    app = Litestar(handlers, exception_handlers=exception_handlers(), openapi_config=None, logging_config=None)
    with TestClient(app) as opened:
        yield opened


def a_folder(tmp_path: Path, **files: str) -> Path:
    for name, text in files.items():
        path = tmp_path / name.replace("__", "/").replace("_css", ".css").replace("_js", ".js")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def test_the_first_load_of_the_portal_leaves_room_for_pictures() -> None:
    assets = the_pages().assets
    loaded = [assets[name].transferred for name in ("portal.css", "portal.js", "inter.woff2")]

    weight = sum(loaded) + len(brand_sheet(DEFAULT))

    assert weight + PICTURES_AND_PAGE_BYTES <= PORTAL_BUDGET_BYTES, weight


def test_the_first_load_of_the_dashboard_is_light_too() -> None:
    assets = the_pages().assets

    assert sum(assets[name].transferred for name in ("dashboard.css", "dashboard.js", "inter.woff2")) < 90_000


def test_an_asset_is_kept_for_ever_and_sent_compressed(client: TestClient[Litestar]) -> None:
    asset = the_pages().assets["portal.css"]

    answer = client.get(asset.url, headers={"accept-encoding": "gzip"})

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.content == asset.content  # the client has unpacked it
    assert asset.packed is not None
    assert gzip.decompress(asset.packed) == asset.content


def test_a_browser_that_unpacks_nothing_gets_the_plain_file(client: TestClient[Litestar]) -> None:
    answer = client.get(the_pages().assets.url("dashboard.js"), headers={"accept-encoding": "identity"})

    assert "content-encoding" not in answer.headers
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"


def test_the_font_is_never_compressed_twice(client: TestClient[Litestar]) -> None:
    answer = client.get(the_pages().assets.url("inter.woff2"), headers={"accept-encoding": "gzip"})

    assert "content-encoding" not in answer.headers
    assert answer.headers["content-type"] == "font/woff2"
    assert len(answer.content) < 50_000


def test_what_the_browser_has_is_not_sent_again(client: TestClient[Litestar]) -> None:
    asset = the_pages().assets["portal.js"]

    answer = client.get(asset.url, headers={"if-none-match": asset.etag})

    assert (answer.status_code, answer.content) == (304, b"")


def test_yesterdays_address_gets_todays_file_for_now(client: TestClient[Litestar]) -> None:
    answer = client.get("/assets/portal.000000000000.css")

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", ["portal.css", "nothing.000000000000.css", "..%2fpages.py", "portal.000000000000.py"])
def test_there_are_no_other_files(client: TestClient[Litestar], name: str) -> None:
    assert client.get(f"/assets/{name}").status_code == 404


def test_an_address_changes_with_the_content(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, css__pages_portal_css="a{}")
    before = Assets.build(folder)
    a_folder(tmp_path, css__pages_portal_css="b{}")

    after = Assets.build(folder)

    assert before.url("portal.css") != after.url("portal.css")
    assert before.url("dashboard.css") == after.url("dashboard.css")


def test_a_door_gets_its_own_pages_and_scripts_and_the_staff_theirs(tmp_path: Path) -> None:
    folder = a_folder(
        tmp_path, css__base_css=".all{}", css__pages_portal_css=".p{}", css__pages_warehouse_scan_css=".w{}",
        js__kit_a_js="kit()", js__staff_b_js="staff()", js__warehouse_c_js="scan()",
    )  # fmt: skip

    made = {
        name: Assets.build(folder)[name].content.decode() for door in DOORS for name in (f"{door}.css", f"{door}.js")
    }

    assert [name for name, text in made.items() if ".all{}" in text] == [f"{door}.css" for door in DOORS]
    assert [name for name, text in made.items() if ".p{}" in text] == ["portal.css"]
    assert [name for name, text in made.items() if ".w{}" in text] == ["warehouse.css"]
    assert [name for name, text in made.items() if "kit()" in text] == [f"{door}.js" for door in DOORS]
    assert [name for name, text in made.items() if "staff()" in text] == ["dashboard.js", "warehouse.js"]
    assert [name for name, text in made.items() if "scan()" in text] == ["warehouse.js"]


def test_pico_lies_in_the_lowest_layer() -> None:
    text = the_pages().assets["portal.css"].content.decode()

    assert text.startswith("@layer pico, base, parts, pages, focus;\n@layer pico{")
    assert "Pico CSS" in text[:200]  # its licence line stays
    assert "@charset" not in text


def test_dark_holds_where_it_was_chosen_and_where_the_device_asks_for_it() -> None:
    text = the_pages().assets["portal.css"].content.decode()

    chosen = re.search(r":root\[data-theme=dark\] (\{[^}]*\})", text)
    asked = re.search(r"@media \(prefers-color-scheme: dark\) \{ :root:not\(\[data-theme\]\) (\{[^}]*\}) \}", text)

    assert chosen is not None
    assert asked is not None
    assert chosen[1] == asked[1]
    assert "--canvas: #0c0e13" in asked[1]


def test_every_address_in_a_style_sheet_is_one_of_ours() -> None:
    for door in DOORS:
        own = the_pages().assets[f"{door}.css"].content.decode().split("@font-face", 1)[1]

        assert set(re.findall(r"url\(([^)]*)\)", own)) == {the_pages().assets.url("inter.woff2")}


def test_the_sheet_of_a_brand_is_made_from_its_address(client: TestClient[Litestar]) -> None:
    answer = client.get(brand_url("#1F4D3A"))

    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.text == brand_sheet("#1f4d3a")
    assert "--brand-edge:#416f5a;" in answer.text
    assert client.get("/theme/1f4d3a-00000000.css").headers["cache-control"] == "no-cache"
    assert client.get("/theme/green.css").status_code == 404
