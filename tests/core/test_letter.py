"""What may stand in a header and what mail can be sent to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retour.core.errors import Refused
from retour.core.letter import mail_address, one_line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Acme", "Acme"),
        ("  Acme \t &  Söhne ", "Acme & Söhne"),
        ("Acme\r\nBcc: all@example.com", "Acme Bcc: all@example.com"),
        ("Acme\u2028\u0085x\x00y\x7f", "Acme x y"),
        ("a\u202egpj.exe\u2066b\u200fc\u061cd", "agpj.exebcd"),
        ("\ud800x", "x"),
        ("", ""),
        ("متجر", "متجر"),
    ],
)
def test_a_text_becomes_one_line_that_cannot_turn_or_inject(text: str, line: str) -> None:
    assert one_line(text) == line


def test_a_long_text_is_cut_and_says_so() -> None:
    assert one_line("a" * 200) == "a" * 200
    assert one_line("a" * 190 + " " + "b" * 20) == "a" * 190 + " " + "b" * 8 + "…"
    assert one_line("a" * 199 + " b") == "a" * 199 + "…"


@pytest.mark.property
@given(st.text(max_size=300))
def test_whatever_is_typed_stays_one_line(text: str) -> None:
    line = one_line(text)

    assert len(line) <= 200
    assert line.splitlines() in ([], [line])
    assert one_line(line) == line


@pytest.mark.parametrize(
    "address",
    ["ann@example.com", " ann@example.com ", "a.b+c@x.example", "o'hara@x.co", "jürgen@bücher.example", "a@localhost",
     "x" * 64 + "@example.com"],
)  # fmt: skip
def test_an_address_that_mail_can_go_to_is_kept(address: str) -> None:
    assert mail_address(address) == address.strip()


@pytest.mark.parametrize(
    "address",
    ["", "ann", "@example.com", "ann@", "ann@@example.com", "a b@example.com", "ann@exa mple.com", "ann@example..com",
     "ann@.example", "ann@-x.example", "ann@x-.example", "ann@example.com\r\nBcc: x@y.example", "a\x00b@example.com",
     "<ann@example.com>", "Ann <ann@example.com>", "ann@example.com, bob@example.com", "ann;bob@example.com",
     '"ann b"@example.com', ".ann@example.com", "ann.@example.com", "a..n@example.com", "ann\u202e@example.com",
     "ann@exam\u200fple.com", "x" * 65 + "@example.com", "ann@" + "x" * 64 + ".example", "ann@" + "x." * 130 + "com",
     "ann@example.com\\", "ann@[127.0.0.1]"],
)  # fmt: skip
def test_an_address_that_nothing_can_be_sent_to_is_refused(address: str) -> None:
    with pytest.raises(Refused) as no:
        mail_address(address, field="address")

    assert (no.value.code, no.value.field) == ("invalid_email", "address")
