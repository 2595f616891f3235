"""What an operator types to set a merchant up, and what is answered when it cannot be done."""

import json
from pathlib import Path

import pytest

from tests.ops.cli.conftest import Shell

TOKEN = "shpat_not_to_be_seen"


@pytest.fixture(scope="module")
def shop(shell: Shell) -> Shell:
    """An account with one store."""
    shell.ok("account", "create", "Acme")
    shell.ok("store", "create", "acme", "--currency", "EUR", "--timezone", "Europe/Berlin")
    return shell


def test_accounts_and_stores_are_listed_as_they_were_made(shop: Shell) -> None:
    assert [account["name"] for account in shop.json("account", "list")] == ["Acme"]
    assert [(s["shop_name"], s["currency"], s["timezone"]) for s in shop.json("store", "list")] == [
        ("acme", "EUR", "Europe/Berlin")
    ]


def test_a_name_is_given_once(shop: Shell) -> None:
    assert shop.refused("account", "create", "Acme") == "already_exists"
    assert shop.refused("store", "create", "acme", "--currency", "EUR") == "already_exists"
    assert len(shop.json("account", "list")) == 1
    assert len(shop.json("store", "list")) == 1


def test_a_store_says_who_masters_what(shop: Shell) -> None:
    shop.ok("store", "set", "--restock-master", "warehouse", "--tag-on", "customer", "--location-ref", "loc-1")

    [store] = shop.json("store", "list")
    assert (store["restock_master"], store["tag_on"], store["location_ref"]) == ("warehouse", "customer", "loc-1")

    shop.ok("store", "set", "--restock-master", "retour", "--tag-on", "order", "--location-ref", "")
    assert shop.json("store", "list")[0]["location_ref"] is None


def test_a_change_of_nothing_or_to_an_unknown_time_zone_is_refused(shop: Shell) -> None:
    before = shop.json("store", "list")

    assert shop.refused("store", "set") == "nothing_given"
    assert shop.refused("store", "set", "--timezone", "Berlin") == "invalid_timezone"
    assert shop.json("store", "list") == before


def test_a_key_is_shown_once_and_revoked_once(shop: Shell) -> None:
    made = shop.json("key", "create", "warehouse", "--role", "warehouse")
    listed = shop.ok("key", "list")

    assert made["key"].startswith("rtr_live_")
    assert made["id"] in listed
    assert made["key"] not in listed + shop.ok("key", "list", "--json")

    shop.ok("key", "revoke", made["id"])
    assert shop.refused("key", "revoke", made["id"]) == "key_not_found"
    assert shop.refused("key", "revoke", "one") == "key_not_found"


def test_staff_get_a_password_that_is_never_typed_into_the_command(shop: Shell) -> None:
    made = shop(
        "staff", "create", "ann@example.com", "--name", "Ann", "--role", "owner", RETOUR_PASSWORD="a long enough one"
    )

    assert made.exit_code == 0
    assert shop.refused(
        "staff", "create", "bo@example.com", "--name", "Bo", "--role", "agent", RETOUR_PASSWORD="short"
    ) == "invalid_password"  # fmt: skip
    assert shop.refused("staff", "create", "ANN@example.com", "--name", "Ann", "--role", "agent", "--no-password") == (
        "already_exists"
    )


def test_a_connection_takes_its_secrets_from_stdin_and_shows_them_never(shop: Shell) -> None:
    made = shop.json("connection", "add", "shopify", "acme.myshopify.com", "--stdin", stdin=f"{TOKEN}\n\nwhsec\n")
    listed = shop.json("connection", "list")

    assert made["webhook_url"] == f"http://127.0.0.1:8000/hooks/shopify/{made['id']}"
    assert [(c["far_name"], c["base_url"], c["read_credential"], c["webhooks"]) for c in listed] == [
        ("acme.myshopify.com", "https://acme.myshopify.com", False, True)
    ]
    assert TOKEN not in json.dumps(listed)

    shop.ok("connection", "reseal", made["id"], "--stdin", stdin=f"\n{TOKEN}\n")
    assert shop.json("connection", "list")[0]["read_credential"] is True
    assert shop.refused("connection", "reseal", made["id"], "--stdin", stdin="\n") == "nothing_given"


def test_a_connection_without_a_credential_or_to_a_plain_address_is_refused(shop: Shell) -> None:
    before = shop.json("connection", "list")

    assert shop.refused("connection", "add", "shopify", "b.example", "--stdin", stdin="") == "invalid_credentials"
    assert shop.refused(
        "connection", "add", "shopify", "b.example", "--base-url", "http://b.example", "--stdin", stdin=TOKEN
    ) == "invalid_url"  # fmt: skip
    assert shop.json("connection", "list") == before


def test_a_policy_is_published_as_a_new_version(shop: Shell, tmp_path: Path) -> None:
    assert shop.refused("policy", "show") == "policy_not_published"
    shop.ok("policy", "publish", "template", "--automatic")
    document = json.loads(shop.ok("policy", "show"))
    changed = tmp_path / "policy.json"
    changed.write_text(json.dumps(document | {"name": "Another"}))
    shop.ok("policy", "publish", str(changed))

    assert json.loads(shop.ok("policy", "show"))["name"] == "Another"
    assert [(v["version"], v["state"]) for v in shop.json("policy", "show", "--versions")] == [
        (2, "published"),
        (1, "retired"),
    ]


def test_a_policy_that_cannot_be_read_is_not_published(shop: Shell, tmp_path: Path) -> None:
    before = shop.json("policy", "show", "--versions")
    broken = tmp_path / "policy.json"
    broken.write_text("{")

    assert shop.refused("policy", "publish", str(broken)) == "invalid_policy"
    broken.write_text('{"name": "x"}')
    assert shop.refused("policy", "publish", str(broken)) == "missing_field"
    assert shop.refused("policy", "publish", str(tmp_path / "none.json")) == "system_error"
    assert shop.json("policy", "show", "--versions") == before


def test_payments_stop_and_go_for_store_account_and_installation(shop: Shell) -> None:
    assert shop.json("pause", "--store", "acme") == {"what": "store acme", "paused": True, "changed": True}
    assert shop.json("store", "list")[0]["payments_paused"] is True
    assert shop.json("pause", "--store", "acme")["changed"] is False
    shop.ok("unpause", "--store", "acme")
    shop.ok("pause")
    assert shop.json("account", "list")[0]["payments_paused"] is True
    shop.ok("unpause")
    shop.ok("pause", "--everything")
    assert "kill switch" in shop("doctor").output
    shop.ok("unpause", "--everything")
    assert shop("doctor").exit_code == 0


def test_effects_that_are_not_there_are_told_in_one_line(shop: Shell) -> None:
    nowhere = "01900000-0000-7000-8000-000000000000"

    assert shop.json("effect", "list") == []
    assert shop.refused("effect", "show", nowhere) == "effect_not_found"
    assert shop.refused("effect", "hand-back", nowhere) == "effect_not_found"
    assert shop.refused("effect", "show", "x") == "effect_not_found"


def test_an_account_must_be_said_once_there_are_two(shop: Shell) -> None:
    shop.ok("account", "create", "Other")

    assert shop.refused("store", "list") == "account_missing"
    assert shop.refused("store", "list", "--account", "Nobody") == "account_not_found"
    assert shop.json("store", "list", "--account", "Other") == []
    assert len(shop.json("store", "list", "--account", "Acme")) == 1


def test_known_problems_are_told_in_one_line(shell: Shell) -> None:
    gone = "postgresql://retour_app:x@127.0.0.1:1/retour"

    assert shell.refused("account", "list", RETOUR_PORT="many") == "settings_invalid"
    assert shell.refused("account", "list", RETOUR_APP_URL="") == "address_missing"
    assert shell.refused("account", "list", RETOUR_APP_URL=gone) == "database_unreachable"
    assert shell.refused("account", "list", RETOUR_APP_URL=shell.environ["RETOUR_OWNER_URL"]) == "role_refused"


def test_the_doctor_finds_nothing_wrong_and_calls_nobody(shell: Shell) -> None:
    found = {f["what"]: f["state"] for f in shell.json("doctor")}

    assert found["settings"] == found["database as app"] == found["database as executor"] == found["standing"] == "ok"
    assert shell.refused("doctor", "--live", "x", "--account", "Acme") == "connection_not_found"


def test_the_doctor_says_what_is_wrong(shell: Shell, tmp_path: Path) -> None:
    stranger = Shell({**shell.environ, "RETOUR_DATA_DIR": str(tmp_path)})

    said = stranger("doctor")

    assert said.exit_code == 1
    assert "unknown: this machine has not joined" in said.stdout
    stranger.ok("join")
    assert stranger("doctor").exit_code == 0


def test_a_database_that_is_up_to_date_is_left_alone(shell: Shell) -> None:
    assert shell.ok("migrate") == "up to date\n"
