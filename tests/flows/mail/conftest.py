"""A fresh account with its mail server for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from retour.store.db import Database
from retour.store.vault import Vault
from tests.flows.mail.bag import Bag, a_bag


@pytest.fixture
async def bag(database: Database, tmp_path: Path) -> AsyncIterator[Bag]:
    async with a_bag(database, Vault.open(tmp_path / "keys", role="worker")) as opened:
        yield opened
