"""A shop with a past of its own for each test."""

import pytest

from retour.store.db import Database
from retour.store.vault import Vault
from tests.flows.simulation.a_past import Past, a_past


@pytest.fixture(scope="session")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    return Vault.open(tmp_path_factory.mktemp("keys"), role="all")


@pytest.fixture
async def past(database: Database, vault: Vault) -> Past:
    return await a_past(database, vault)
