"""Settings come typed from the environment, and a bad value is named."""

from pathlib import Path
from uuid import UUID

import pytest

from retour.core.mail_server import Encryption, MailServer
from retour.settings import SettingsError, load


def test_an_empty_environment_means_the_embedded_database_and_careful_defaults() -> None:
    settings = load({})

    assert settings.embedded
    assert Path("~/.local/share/retour").expanduser() == settings.data_dir
    assert (
        settings.lease_s,
        settings.sweep_s,
        settings.quiet_s,
        settings.allow_private_urls,
    ) == (60.0, 5.0, None, False)


def test_every_variable_is_read() -> None:
    settings = load(
        {
            "RETOUR_DATA_DIR": "/srv/retour",
            "DATABASE_URL": "postgresql://owner@db/retour",
            "RETOUR_APP_URL": "postgres://app@db/retour",
            "RETOUR_LEASE_S": "0.05",
            "RETOUR_API_PER_MINUTE": "0",
            "RETOUR_QUIET_S": "0.2",
            "RETOUR_PORT": "8123",
            "RETOUR_HOST": "0.0.0.0",
            "RETOUR_ALLOW_PRIVATE_URLS": "yes",
            "RETOUR_INSTANCE_ID": "018f0000-0000-7000-8000-000000000001",
        }
    )

    assert not settings.embedded
    assert (Path("/srv/retour"), "postgresql://owner@db/retour") == (settings.data_dir, settings.owner_url)
    assert (
        settings.lease_s,
        settings.quiet_s,
        settings.web_port,
        settings.allow_private_urls,
    ) == (0.05, 0.2, 8123, True)
    assert (settings.api_per_minute, load({}).api_per_minute) == (0, 6000)
    assert settings.public_url == "http://127.0.0.1:8123"
    assert UUID("018f0000-0000-7000-8000-000000000001") == settings.instance_id


def test_mail_is_read_with_its_server_and_its_sender() -> None:
    settings = load({"RETOUR_SMTP_URL": "smtps://u:p@mail.example", "RETOUR_MAIL_FROM": " returns@shop.example "})

    assert settings.mail_server == MailServer("mail.example", 465, Encryption.AT_ONCE, "u", "p")
    assert settings.mail_from == "returns@shop.example"
    assert (load({}).mail_server, load({}).mail_from) == (None, None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RETOUR_SMTP_URL", "mail.example:25"),
        ("RETOUR_SMTP_URL", "smtp://user:hidden@mail.example?starttls=0"),
        ("RETOUR_MAIL_FROM", "returns"),
        ("RETOUR_PORT", "eighty"),
        ("RETOUR_PORT", "70000"),
        ("RETOUR_PORT", "²"),
        ("RETOUR_LEASE_S", "0"),
        ("RETOUR_API_PER_MINUTE", "1000001"),
        ("RETOUR_SWEEP_S", "soon"),
        ("RETOUR_HTTP_TIMEOUT_S", "nan"),
        ("RETOUR_QUIET_S", "inf"),
        ("RETOUR_ALLOW_PRIVATE_URLS", "maybe"),
        ("RETOUR_APP_URL", "mysql://x"),
        ("DATABASE_URL", "retour"),
        ("RETOUR_PUBLIC_URL", "shop.example"),
        ("RETOUR_INSTANCE_ID", "7"),
        ("RETOUR_POOL_MIN", "11"),
    ],
)
def test_a_bad_value_names_its_variable(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name}: "):
        load({name: value})


def test_a_password_is_not_repeated() -> None:
    with pytest.raises(SettingsError) as caught:
        load({"RETOUR_APP_URL": "mysql://u:secret@h/d"})

    assert "secret" not in str(caught.value)
