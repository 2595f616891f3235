"""A house for each story."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from retour.store.db import Database
from tests.stories.house import House, a_house


@pytest.fixture
async def house(database: Database, executor_database: Database, owner: Any, tmp_path: Path) -> AsyncIterator[House]:
    """A house on a sandbox of its own; the story opens the store."""
    async with a_house(database, executor_database, owner, tmp_path / "keys") as house:
        yield house
