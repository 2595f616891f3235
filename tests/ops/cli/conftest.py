"""The command line as people type it, on a database of the module's own."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import pytest
from click.testing import CliRunner, Result

from retour.cli import main
from retour.ops.postgres import Urls
from retour.store import instance
from retour.store.db import Database


@dataclass(frozen=True)
class Shell:
    """Types commands: `ok` for those that succeed, `refused` for those that answer `code: message` and status 2."""

    environ: Mapping[str, str]
    runner: CliRunner = field(default_factory=CliRunner)

    def __call__(self, *typed: str, stdin: str | None = None, **more: str) -> Result:
        return self.runner.invoke(main, typed, env={**self.environ, **more}, input=stdin)

    def ok(self, *typed: str, stdin: str | None = None) -> str:
        result = self(*typed, stdin=stdin)
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *typed: str, stdin: str | None = None) -> Any:
        return json.loads(self.ok(*typed, "--json", stdin=stdin))

    def refused(self, *typed: str, stdin: str | None = None, **more: str) -> str:
        result = self(*typed, stdin=stdin, **more)
        assert (result.exit_code, result.stdout) == (2, ""), result.output
        assert "Traceback" not in result.stderr
        return result.stderr.partition(":")[0]


def environ_of(urls: Urls, data_dir: Path) -> dict[str, str]:
    return {
        "RETOUR_DATA_DIR": str(data_dir),
        "RETOUR_OWNER_URL": urls.owner,
        "RETOUR_APP_URL": urls.app,
        "RETOUR_EXECUTOR_URL": urls.executor,
        "RETOUR_BACKUP_URL": urls.backup or "",
        "DATABASE_URL": "",
        "RETOUR_PORT": "",
    }


@pytest.fixture(scope="module")
def shell(urls: Urls, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A machine that has joined its database; nobody has an account yet."""
    data_dir = tmp_path_factory.mktemp("data")

    async def join() -> None:
        database = await Database.open(urls.app, pool_max=1)
        async with database.tx(None) as db:
            await instance.join(db, data_dir)
        await database.close()

    anyio.run(join)
    return Shell(environ_of(urls, data_dir))
