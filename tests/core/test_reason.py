"""The reasons a shopper may give."""

from retour.core.reason import NOTE_MOST, REASONS


def test_reasons_are_codes_and_the_last_one_is_anything_else() -> None:
    assert len(set(REASONS)) == len(REASONS)
    assert REASONS[-1] == "other"
    assert NOTE_MOST == 1_000
