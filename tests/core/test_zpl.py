"""The label as ZPL: what people wrote is text and never a command."""

from dataclasses import replace

import pytest

from retour.core.zpl import Printed, wrapped, zpl

LABEL = Printed(
    code="R-10482", parcel="Parcel 1 of 2", from_heading="From", sender=("Ann", "Lindenweg 4"), to_heading="To",
    to=("Returns", "Dock 7", "20457 Hamburg"), instructions=("Any counter.",),
)  # fmt: skip


def test_a_label_holds_both_codes_and_every_line() -> None:
    said = zpl(LABEL)

    assert said.startswith("^XA\n^CI28\n^PW812\n^LL1218\n")
    assert said.endswith("^XZ\n")
    assert "^BCN,150,N,N,N,A^FH_^FDR-10482^FS" in said
    assert "^BQN,2,7^FH_^FDMA,R-10482^FS" in said
    for text in ("From", "Ann", "Lindenweg 4", "To", "Dock 7", "20457 Hamburg", "Any counter.", "Parcel 1 of 2"):
        assert f"^FD{text}^FS" in said


def test_commands_in_a_name_are_printed_as_their_letters() -> None:
    said = zpl(replace(LABEL, sender=("^XZ~JA_41\\&\x07",)))

    assert said.count("^XZ") == 1
    assert "^FD_5EXZ_7EJA_5F41_5C&_07^FS" in said


def test_a_long_address_pushes_the_codes_down() -> None:
    assert "^FO40,650^BY3" in zpl(LABEL)
    assert "^FO40,748^BY3" in zpl(replace(LABEL, to=tuple("abcdefghi")))


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("one two", ["one two"]),
        ("one two three", ["one two", "three"]),
        ("one\n\ntwo", ["one", "two"]),
        ("abcdefghijkl", ["abcdefgh", "ijkl"]),
        ("ab abcdefghijkl", ["ab", "abcdefgh", "ijkl"]),
    ],
)
def test_a_text_breaks_between_words_where_it_can(text: str, lines: list[str]) -> None:
    assert wrapped(text, most=8) == lines
