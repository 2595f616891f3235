"""Schemathesis against the running API: what it promises it keeps, and nothing makes it fall over."""

import json
import os
import subprocess
import sys
from pathlib import Path

import anyio
import httpx2
import pytest

from retour.core.account import Role
from retour.store.db import Database
from retour.store.vault import Vault
from tests.doors.api.a_return import open_shop, send, wish
from tests.doors.api.an_isv import an_integrator

pytestmark = pytest.mark.anyio
SHORT, LONG = ("fuzzing", 3), ("coverage,fuzzing", 25)
HERE = Path(__file__).parent
ROOT = HERE.parents[2]


@pytest.mark.parametrize(("phases", "examples"), [SHORT, pytest.param(*LONG, marks=pytest.mark.prove)])
async def test_the_api_keeps_what_its_document_says(
    address: str,
    database: Database,
    vault: Vault,
    tmp_path: Path,
    http: httpx2.AsyncClient,
    phases: str,
    examples: int,
) -> None:
    shop = await open_shop(database, vault)
    made = (await send(http, shop, "/returns", wish(shop))).json()
    known = {
        "orders": str(shop.order_id),
        "returns": made["id"],
        "line_ref": made["lines"][0]["line_ref"],
        "line_id": made["lines"][0]["id"],
    }
    await _fuzz(address, shop.merchant.headers(Role.OWNER), known, tmp_path, phases=phases, examples=examples)


@pytest.mark.parametrize(("phases", "examples"), [SHORT, pytest.param(*LONG, marks=pytest.mark.prove)])
async def test_what_is_for_integrators_keeps_it_too(
    address: str, database: Database, tmp_path: Path, http: httpx2.AsyncClient, phases: str, examples: int
) -> None:
    bridge = await an_integrator(database)
    known = {"isv": (await bridge.open(http, "m-1"))["id"]}
    only = ("--include-path-regex", "^/isv")
    await _fuzz(address, bridge.headers(), known, tmp_path, *only, phases=phases, examples=examples)


async def _fuzz(
    address: str,
    headers: dict[str, str],
    known: dict[str, str],
    tmp_path: Path,
    *more: str,
    phases: str,
    examples: int,
) -> None:
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml"), "run",
        f"{address}/openapi.json", "--url", address,
        "--max-examples", str(examples), "--phases", phases, "--mode", "all", "--seed", "1",
        "--workers", "1", "--request-timeout", "20", "--generation-database", "none", "--no-color",
        *more, *(part for name, value in headers.items() for part in ("-H", f"{name}: {value}")),
    ]  # fmt: skip

    environment = (
        os.environ
        | {"FUZZ_KNOWN": json.dumps(known)}
        | {"SCHEMATHESIS_HOOKS": "tests.doors.api.fuzzing_hooks", "PYTHONPATH": str(ROOT)}
    )
    done = await anyio.run_process(command, check=False, cwd=tmp_path, stderr=subprocess.STDOUT, env=environment)

    assert done.returncode == 0, done.stdout.decode()[-20_000:]
