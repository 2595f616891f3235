"""Random days of a shop, from a seed: whatever anybody does and whoever is refused, everything still agrees."""

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from retour.connectors.http import Http, Patience
from retour.store.db import Database
from retour.store.vault import Vault
from tests.sandbox.desk import a_sandbox, serving
from tests.stories.house import House
from tests.stories.model import a_shop

pytestmark = pytest.mark.anyio

STEPS = 12
RUNS = 50
PROVED = int(os.environ.get("DAYS", "2000"))


@pytest.fixture
async def street(
    database: Database, executor_database: Database, owner: Any, tmp_path: Path
) -> AsyncIterator[Callable[[], House]]:
    """Makes houses, each a tenant of its own, on one sandbox."""
    sandbox, vault = a_sandbox(), Vault.open(tmp_path / "keys", role="all")
    patience = Patience(connect_s=10.0, read_s=10.0, whole_s=12.0)
    async with serving(sandbox) as address, Http(internal=True, patience=patience) as http:
        yield lambda: House(
            web=database, executing=executor_database, owner=owner, vault=vault, sandbox=sandbox, address=address,
            http=http,
        )  # fmt: skip


async def one_day(house: House, seed: int) -> None:
    model = await a_shop(house, seed)
    try:
        for _ in range(STEPS):
            await model.act()
        await model.end()
    except BaseException as wrong:
        raise AssertionError(f"seed {seed}:\n" + "\n".join(model.log)) from wrong


async def test_whatever_anybody_does_everything_agrees(street: Callable[[], House]) -> None:
    for seed in range(RUNS):
        await one_day(street(), seed)


@pytest.mark.prove
async def test_thousands_of_further_days_agree(street: Callable[[], House]) -> None:
    for seed in range(RUNS, RUNS + PROVED):
        await one_day(street(), seed)
