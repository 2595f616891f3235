"""A house with a shopper of whom a lot is held."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from retour.store.db import Database
from tests.flows.privacy.canary import Canary
from tests.stories.house import a_house


@pytest.fixture
async def canary(database: Database, executor_database: Database, owner: Any, tmp_path: Path) -> AsyncIterator[Canary]:
    """A store that mails and makes labels; the shopper is added by the test."""
    async with a_house(database, executor_database, owner, tmp_path / "keys") as house:
        canary = Canary(house, tmp_path / "erased-people")
        await canary.open()
        yield canary
