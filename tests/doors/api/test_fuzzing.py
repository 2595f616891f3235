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
    headers = shop.merchant.headers(Role.OWNER)
    made = (await send(http, shop, "/returns", wish(shop))).json()
    known = {
        "orders": str(shop.order_id),
        "returns": made["id"],
        "line_ref": made["lines"][0]["line_ref"],
        "line_id": made["lines"][0]["id"],
    }
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml"), "run",
        f"{address}/openapi.json", "--url", address,
        "--max-examples", str(examples), "--phases", phases, "--mode", "all", "--seed", "1",
        "--workers", "1", "--request-timeout", "20", "--generation-database", "none", "--no-color",
        *(part for name, value in headers.items() for part in ("-H", f"{name}: {value}")),
    ]  # fmt: skip

    environment = (
        os.environ
        | {"FUZZ_KNOWN": json.dumps(known)}
        | {"SCHEMATHESIS_HOOKS": "tests.doors.api.fuzzing_hooks", "PYTHONPATH": str(ROOT)}
    )
    done = await anyio.run_process(command, check=False, cwd=tmp_path, stderr=subprocess.STDOUT, env=environment)

    assert done.returncode == 0, done.stdout.decode()[-20_000:]
