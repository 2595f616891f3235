from uuid import UUID

import pytest

from retour.store.db import opening
from tests.architecture.statements import formatted_sql, is_sql, sql_outside_store
from tests.architecture.tree import Source, sources

STORE = "src/retour/store/"


def test_sql_stands_only_in_store() -> None:
    others = [source for source in sources("src/retour") if not source.path.startswith(STORE)]

    findings = [finding for source in others for finding in sql_outside_store(source)]

    assert findings == []


def test_no_statement_is_put_together_but_the_one_that_opens_a_transaction() -> None:
    findings = [finding for source in sources("src/retour") for finding in formatted_sql(source)]

    assert [finding.partition(":")[0] for finding in findings] == ["src/retour/store/db.py"], findings


@pytest.mark.parametrize("tenant", [None, UUID("01a2010a-dbff-73a1-85cb-9c2be04a36f0"), UUID(int=0)])
def test_what_opens_a_transaction_holds_nothing_but_the_digits_of_the_tenant(tenant: UUID | None) -> None:
    digits = "" if tenant is None else tenant.hex

    assert opening(tenant) == f"BEGIN; SET LOCAL app.tenant = '{digits}'"


def test_a_tenant_that_is_no_id_opens_nothing() -> None:
    class Sly:
        int = "'; DROP TABLE rma; --"

    with pytest.raises(ValueError, match="format"):
        opening(Sly())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1",
        "\nSELECT id, status\n  FROM rma\n WHERE id = $1",
        "SELECT set_config('app.tenant_id', $1, true)",
        "select id from rma",
        "INSERT INTO rma (id) VALUES ($1)",
        "UPDATE rma SET status = 'approved'",
        "UPDATE rma r SET status = 'approved'",
        "DELETE FROM rma",
        "WITH due AS (SELECT 1) SELECT * FROM due",
        "CREATE ROLE retour_app",
        "CREATE UNIQUE INDEX a ON b (c)",
        "ALTER TABLE rma ADD COLUMN x int",
        "GRANT SELECT ON rma TO retour_app",
        "COPY orders (id) FROM STDIN",
        "SET LOCAL lock_timeout = '1s'",
        "NOTIFY retour",
        "BEGIN; SET LOCAL app.tenant = ''",
        "-- why\nSELECT 1",
    ],
)
def test_a_statement_is_recognised(text: str) -> None:
    assert is_sql(text)


@pytest.mark.parametrize(
    "text",
    [
        "Select a reason from the list.",
        "Update your address",
        "SELECTED",
        "Delete from your device",
        "Create role",
        "with love",
        "Set the lock timeout",
        "mutation refund { refundCreate { id } }",
    ],
)
def test_a_sentence_is_no_statement(text: str) -> None:
    assert not is_sql(text)


def test_a_statement_outside_store_is_found_but_not_in_a_docstring() -> None:
    planted = Source(
        "src/retour/flows/refund.py", '"""SELECT 1 is not run here."""\nX = "SELECT 1"\nY = f"DELETE FROM {X}"\n'
    )

    assert sql_outside_store(planted) == [
        "src/retour/flows/refund.py:2: SQL outside store: 'SELECT 1'",
        "src/retour/flows/refund.py:3: SQL outside store: 'DELETE FROM ?'",
    ]


@pytest.mark.parametrize(
    "planted",
    [
        'LIST = f"SELECT {COLUMNS} FROM rma"',
        'LIST = "SELECT " + COLUMNS + " FROM rma"',
        'LIST = "SELECT %s FROM rma" % COLUMNS',
        'LIST = "SELECT {} FROM rma".format(COLUMNS)',
        'LIST = " ".join(["SELECT id FROM rma", extra])',
        "rows = await db.fetch(f'{LIST} {limit}')",
        "rows = await db.fetchrow(LIST + extra)",
        "rows = await db.execute('VACUUM ' + table)",
        "rows = await db.execute(LIST.format(table))",
        "rows = await db.fetchval(' '.join(parts))",
        "rows = await db.executemany(LIST.replace('rma', table), rows)",
    ],
)
def test_a_statement_put_together_is_found(planted: str) -> None:
    source = Source("src/retour/store/rma.py", f"async def f(db):\n    {planted}\n")

    assert len(formatted_sql(source)) == 1


@pytest.mark.parametrize(
    "kept",
    ["await db.fetch(LIST, limit)", "await db.execute(migration.sql)", "name = f'R-{number}'", "total = price + fee"],
)
def test_a_constant_with_parameters_is_left_alone(kept: str) -> None:
    assert formatted_sql(Source("src/retour/store/rma.py", f"async def f(db):\n    {kept}\n")) == []
