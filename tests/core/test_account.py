"""Keys and addresses: what is shown can be read back, and nothing else is accepted."""

import hashlib
from uuid import UUID

import pytest

from retour.core.account import fold_email, make_key, parse_key
from retour.core.address import check_url
from retour.core.errors import Refused

KEY_ID = UUID("0192f0c1-2b3c-7d4e-8f50-617283940516")


def test_a_key_is_read_back_from_its_text() -> None:
    key = make_key(KEY_ID, bytes(range(32)))

    assert key.text == "rtr_live_agjpbqjlhr6u5d2qmfzihfafcy_aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq"
    assert parse_key(key.text) == key
    assert key.secret_sha256 == hashlib.sha256(key.secret.encode()).digest()
    assert key.secret not in repr(key)


@pytest.mark.parametrize(
    "text", ["", "rtr_live_", "rtr_test_" + "a" * 26 + "_" + "a" * 52, "rtr_live_" + "1" * 26 + "_" + "a" * 52]
)
def test_what_is_not_a_key_is_none(text: str) -> None:
    assert parse_key(text) is None


def test_addresses_are_compared_without_case_and_spaces() -> None:
    assert fold_email(" Ada@Example.COM ") == "ada@example.com"
    assert fold_email("nobody") is None


@pytest.mark.parametrize("url", ["https://example.com/hook?x=1", "https://example.com:8443/"])
def test_https_is_taken(url: str) -> None:
    check_url(url, field="url", allow_plain=False)


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "intranet", "a.localhost", "printer.LOCAL.", "db.internal", "box.home.arpa", "127.0.0.1", "10.1.2.3",
        "169.254.169.254", "[::1]", "[fd00::1]", "[::ffff:10.0.0.1]", "[64:ff9b::a00:1]", "2130706433", "0x7f.1", "127.1",
        "[1.2.3.4]", "224.0.0.1", "[:::]", "[fe80::1]",
    ],
)  # fmt: skip
def test_a_host_that_nobody_outside_reaches_is_refused_unless_internal_ones_are_allowed(host: str) -> None:
    with pytest.raises(Refused) as refused:
        check_url(f"https://{host}/hook", field="url", allow_plain=False)
    assert (refused.value.code, refused.value.field) == ("internal_url", "url")
    check_url(f"https://{host}/hook", field="url", allow_plain=True)


@pytest.mark.parametrize("host", ["8.8.8.8", "[2606:4700::1]", "[::ffff:8.8.8.8]", "a-b.example.", "1.example"])
def test_a_public_address_and_a_name_with_a_dot_are_taken(host: str) -> None:
    check_url(f"https://{host}:8443/hook", field="url", allow_plain=False)


def test_plain_http_is_taken_only_on_request() -> None:
    check_url("http://127.0.0.1:9/hook", field="url", allow_plain=True)
    with pytest.raises(Refused) as refused:
        check_url("http://127.0.0.1:9/hook", field="url", allow_plain=False)
    assert (refused.value.code, refused.value.field) == ("invalid_url", "url")


@pytest.mark.parametrize(
    "url",
    [
        "", "ftp://example.com", "https://", "https://user@example.com", "https://:pw@example.com", "https://a.b/#x",
        "https://exa mple.com", "https://example.com:0/", "https://example.com:99999/", "https://[::1", "https://é.example",
        "https://example.com/" + "a" * 2000, "https://a.b/\n",
    ],
)  # fmt: skip
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(Refused, match="begins with https"):
        check_url(url, field="url", allow_plain=False)
