"""What a merchant types to see what another policy would have changed."""

import json
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from retour.core.policy import encode, template
from retour.core.policy.template.pieces import counted
from retour.store.db import Database
from retour.store.vault import Vault
from tests.flows.simulation.a_past import TODAY, WEEK, Past, a_past, charging
from tests.ops.cli.conftest import Shell

DAYS = ("--from", str((TODAY - WEEK).date()), "--to", str((TODAY + WEEK).date()))
SAMPLE = Path(__file__).resolve().parents[3] / "docs" / "simulator-sample.csv"


@pytest.fixture(scope="module")
def past(shell: Shell, tmp_path_factory: pytest.TempPathFactory) -> Past:
    """An account with two automatic returns."""

    async def made() -> Past:
        database = await Database.open(shell.environ["RETOUR_APP_URL"], pool_max=2)
        try:
            past = await a_past(database, Vault.open(tmp_path_factory.mktemp("keys"), role="all"))
            await past.a_return(0)
            await past.a_return(1, 2)
        finally:
            await database.close()
        return past

    return anyio.run(made)


@pytest.fixture(scope="module")
def fee(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("policies") / "fee.json"
    path.write_text(json.dumps(encode(charging(1_000))))
    return str(path)


def words(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


def test_the_figures_are_printed_with_what_would_go_otherwise(shell: Shell, past: Past, fee: str) -> None:
    done = shell("policy", "simulate", fee, *DAYS, "--store", "main")

    assert done.exit_code == 0, done.output
    assert done.stderr.splitlines() == ["2 of 2"]
    told = words(done.stdout)
    assert told[0].startswith("With a fee: 2 returns from ")
    assert told[0].endswith(" 2 would go otherwise")
    assert "2 pays_less" in told
    assert "refunds EUR 30.00 27.00 -3.00" in told
    assert "retained EUR 0.00 3.00 3.00" in told
    assert "too_small 2 30.00 27.00" in told
    assert sum("resolutions: default -> default" in line for line in told) == 2


def test_as_json_it_holds_the_result_and_the_list(shell: Shell, past: Past, fee: str) -> None:
    told = json.loads(shell.ok("policy", "simulate", fee, *DAYS, "--store", "main", "--json", "--list", "1"))

    assert (told["result"]["read"], told["result"]["changes"], len(told["list"])) == (2, {"pays_less": 2}, 1)
    assert "and 1 more" in shell.ok("policy", "simulate", fee, *DAYS, "--store", "main", "--list", "1")


def test_a_version_is_compared_with_a_version_and_orders_are_judged_on_a_day(
    shell: Shell, past: Past, tmp_path: Path
) -> None:
    same = shell.ok("policy", "simulate", "1", *DAYS, "--store", "main", "--against", "1")
    base = template(automatic=True)
    short = tmp_path / "short.json"
    short.write_text(json.dumps(encode(replace(base, defaults=replace(base.defaults, eligibility=counted(3))))))

    orders = shell.ok(
        "policy", "simulate", str(short), *DAYS, "--store", "main", "--orders", "--on", str((TODAY + 2 * WEEK).date())
    )

    assert "0 would go otherwise" in same
    assert words(orders)[0].endswith("2 would go otherwise")
    assert "The time to return this article ended on" in orders


def test_the_sample_file_of_the_documentation_is_replayed(shell: Shell, past: Past, fee: str) -> None:
    told = words(shell.ok("policy", "simulate", fee, *DAYS, "--store", "main", "--csv", str(SAMPLE)))

    assert told[0].split(": ")[1].startswith("4 returns")
    assert "pays_less" in told[1]


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        (("9", *DAYS), "policy_not_found"),
        (("1", *DAYS, "--orders", "--csv", str(SAMPLE)), "too_much_given"),
        (("1", *DAYS[2:], "--from", str((TODAY + 3 * WEEK).date())), "range_invalid"),
        (("gone.json", *DAYS), "system_error"),
    ],
)
def test_what_cannot_be_simulated_is_told(shell: Shell, past: Past, typed: tuple[str, ...], code: str) -> None:
    assert shell.refused("policy", "simulate", *typed, "--store", "main") == code


def test_what_is_no_policy_is_told(shell: Shell, past: Past) -> None:
    assert shell.refused("policy", "simulate", "-", *DAYS, stdin="{") == "invalid_policy"
