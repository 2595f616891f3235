"""What no page of the policies sends: odd files, odd addresses, large uploads; each is answered, nothing is lost."""

import json

import pytest

from retour.core.policy import encode
from retour.core.policy.template import templates
from retour.store import policy
from retour.store.db import Database
from tests.doors.house import Browser, Page
from tests.flows.session.people import House

pytestmark = pytest.mark.anyio

ROOT = "/dashboard/policies"
HEAD = b"order,placed_on,requested_on,sku,quantity,price_paid\n"


async def a_draft(owner: Browser) -> str:
    page = await owner.send(await owner.get(f"{ROOT}/new"), begin="template:thirty-days")
    assert page.query == "said=started", page.text
    return page.path


async def in_force(owner: Browser) -> str:
    at = await a_draft(owner)
    published = await owner.send(await owner.get(f"{at}/publish"))
    assert published.query == "said=published", published.text
    return at


async def sent_file(owner: Browser, at: str, content: bytes) -> Page:
    fields = (await owner.get(f"{at}/simulate")).form().fields
    data = {name: values[0] for name, values in fields.items()} | {"mode": "imported"}
    own = {"Origin": owner.address, "Sec-Fetch-Site": "same-origin"}
    answer = await owner.client.post(
        f"{at}/simulate", data=data, files={"file": ("past.csv", content, "text/csv")}, headers=own
    )
    return Page.of(answer)


@pytest.mark.parametrize("number", ["1" * 5_000, "NaN", "1e999", '"\\ud800"'])
async def test_an_import_with_a_number_that_is_none_starts_nothing(
    owner: Browser, house: House, database: Database, number: str
) -> None:
    pasted = json.dumps(encode(templates()[0].make())).replace('"format": 1', f'"format": {number}')

    page = await owner.send(await owner.get(f"{ROOT}/new"), begin="import", pasted=pasted)

    assert page.status == 422
    async with database.tx(house.tenant_id) as db:
        assert await policy.list_versions(db, house.stores[0]) == []


@pytest.mark.parametrize("number", ["abc", "0", "-1", "99999999999", "²"])
async def test_an_address_that_names_no_version_shows_none(owner: Browser, number: str) -> None:
    assert await a_draft(owner) == f"{ROOT}/1"

    assert (await owner.get(f"{ROOT}/{number}")).status == 404


async def test_a_template_nobody_knows_starts_nothing(owner: Browser, house: House, database: Database) -> None:
    page = await owner.send(await owner.get(f"{ROOT}/new"), begin="template:nothing")

    assert page.status in (404, 422)
    async with database.tx(house.tenant_id) as db:
        assert await policy.list_versions(db, house.stores[0]) == []


async def test_a_file_of_twelve_megabytes_is_read(owner: Browser) -> None:
    at = await in_force(owner)
    padded = b"".join(b"%d,2026-01-02,2026-01-03,%s,1,10.00\n" % (n, b"S" * 180) for n in range(57_000))

    page = await sent_file(owner, at, HEAD + padded)

    assert len(padded) > 11_000_000
    assert page.path != f"{at}/simulate", (page.status, page.text[:300])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe", "Die Datei kann nicht gelesen werden. Nötig ist CSV in UTF-8"),
        (HEAD, "Die Datei kann nicht gelesen werden. Nötig ist CSV in UTF-8"),
        (HEAD + b'1,"', "Die Datei kann nicht gelesen werden. Nötig ist CSV in UTF-8"),
        (b"nothing\n1\n", "Zeile 1 der Datei: Eine Spalte ist nicht bekannt (nothing)"),
        (b"order\n1\n", "Zeile 1 der Datei: Eine Spalte fehlt (placed_on)"),
        (HEAD + b"1,x,y,z,0,-\n", "Zeile 2 der Datei: Der Wert fehlt oder ist nicht von der richtigen Art (placed_on)"),
        (HEAD + b"1\n", "Zeile 2 der Datei: Sie hat mehr oder weniger Felder als die erste Zeile"),
    ],
)
async def test_a_file_with_mistakes_is_refused_in_the_reader_s_language(
    owner: Browser, content: bytes, said: str
) -> None:
    at = await in_force(owner)
    owner.client.headers["Accept-Language"] = "de"

    page = await sent_file(owner, at, content)

    assert page.status == 422
    assert said in page.text


@pytest.mark.parametrize("order", ["%00", "%ED%A0%80", "x" * 3_000, "%27--"])
async def test_an_order_nobody_has_is_not_found_by_an_odd_name(owner: Browser, order: str) -> None:
    at = await a_draft(owner)

    page = await owner.get(f"{at}?order={order}")

    assert page.status == 200
    assert "There is no order" in page.text
