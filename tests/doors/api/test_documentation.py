"""The API describes itself: a valid document that matches the operations, and a page without inline script."""

from pathlib import Path
from typing import Any

import httpx2
import jsonschema_rs
import pytest

from retour.core.event import EventType
from retour.doors.api import docs
from retour.doors.api.app import ISV_OPERATIONS, OPERATIONS
from retour.doors.api.openapi import document

pytestmark = pytest.mark.anyio


async def test_the_document_is_served_and_names_every_operation_once(http: httpx2.AsyncClient) -> None:
    answer = await http.get("/openapi.json")
    told = answer.json()

    assert (answer.status_code, told["openapi"]) == (200, "3.1.0")
    named = [o["operationId"] for path in told["paths"].values() for o in path.values()]
    assert sorted(named) == sorted(operation.id for operation in (*OPERATIONS, *ISV_OPERATIONS))
    assert told == document((*OPERATIONS, *ISV_OPERATIONS))


def test_every_reference_leads_somewhere_and_every_schema_is_one() -> None:
    told = document((*OPERATIONS, *ISV_OPERATIONS))

    for pointer in _references(told):
        found: Any = told
        for part in pointer.removeprefix("#/").split("/"):
            found = found[part]
    for name, schema in told["components"]["schemas"].items():
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema)
        assert schema.get("description"), name


def test_every_post_but_one_that_only_looks_demands_a_key() -> None:
    told = document((*OPERATIONS, *ISV_OPERATIONS))
    without = {
        o["operationId"]
        for path in told["paths"].values()
        for method, o in path.items()
        if method != "get" and not any(p["name"] == "Idempotency-Key" and p["required"] for p in o["parameters"])
    }

    assert without == {
        "check_policy",
        "explain_policy",
        "preview_bulk",
        "preview_import",
        "quote_edit",
        "quote_exchange",
        "quote_return",
    }


def test_every_operation_may_be_refused_for_being_called_too_often_with_the_time_to_wait() -> None:
    told = document((*OPERATIONS, *ISV_OPERATIONS))
    later = told["components"]["responses"]["429"]

    assert later["headers"]["Retry-After"]["schema"] == {"type": "integer", "minimum": 1}
    for path in told["paths"].values():
        for operation in path.values():
            assert operation["responses"]["429"] == {"$ref": "#/components/responses/429"}, operation["operationId"]


def test_the_topics_of_webhooks_are_the_events() -> None:
    told = document(OPERATIONS)["components"]["schemas"]["EventType"]["enum"]

    assert sorted(told) == sorted(e.value for e in EventType)


async def test_the_page_has_no_inline_script_and_fetches_nothing_from_elsewhere(
    http: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, (path, media_type) in docs.FILES.items():
        present = path if path.is_file() else tmp_path / name
        if not present.is_file():
            present.write_text("/* stand-in */")
        monkeypatch.setitem(docs.FILES, name, (present, media_type))

    page = await http.get("/docs")

    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "<script>" not in page.text
    assert "style=" not in page.text
    assert "://" not in page.text
    for name in docs.FILES:
        file = await http.get(f"/docs/{name}")
        assert (file.status_code, file.headers["x-content-type-options"]) == (200, "nosniff")
        assert file.headers["content-type"].startswith(docs.FILES[name][1])
    assert (await http.get("/docs/start.js")).text.startswith("// Starts Swagger UI")
    assert (await http.get("/docs/app.py")).status_code == 404
    assert (await http.get("/docs/..%2f..%2fapp.py")).status_code == 404


async def test_without_its_files_the_page_says_so_plainly(
    http: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(docs.FILES, "swagger-ui.css", (tmp_path / "none.css", "text/css"))

    page = await http.get("/docs")

    assert page.headers["content-type"].startswith("text/plain")
    assert "make setup" in page.text
    assert (await http.get("/docs/swagger-ui.css")).status_code == 404


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for item in value.values() for found in _references(item)]
    if isinstance(value, list):
        return [found for item in value for found in _references(item)]
    return []
