"""A vault with fresh keys and a shop for each test."""

from pathlib import Path

import pytest

from retour.store.db import Database
from retour.store.vault import Vault
from tests.flows.order.shop import Shop, open_shop


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault.open(tmp_path / "keys", role="all")


@pytest.fixture
async def shop(database: Database) -> Shop:
    return await open_shop(database)
