"""A fresh account with its post for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from retour.store.db import Database
from retour.store.vault import Vault
from tests.flows.delivery.post import Post, way_out


@pytest.fixture
async def post(database: Database, tmp_path: Path) -> AsyncIterator[Post]:
    async with way_out() as http:
        opened = Post(database, Vault.open(tmp_path / "keys", role="worker"), http)
        await opened.open()
        yield opened
