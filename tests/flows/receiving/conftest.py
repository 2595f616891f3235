"""A dock of its own for each test."""

import pytest

from retour.store.db import Database
from retour.store.vault import Vault
from tests.flows.receiving.a_dock import Dock, a_dock


@pytest.fixture(scope="session")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    return Vault.open(tmp_path_factory.mktemp("keys"), role="all")


@pytest.fixture
async def dock(database: Database, vault: Vault) -> Dock:
    return await a_dock(database, vault, orders_made=2, units=3)
