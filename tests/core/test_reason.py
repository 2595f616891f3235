"""The reasons a shopper may give."""

from retour.core.reason import CLAIM_REASONS, GROUP_OF, GROUPS, NOTE_MOST, REASONS


def test_reasons_are_codes_and_the_last_one_is_anything_else() -> None:
    assert len(set(REASONS)) == len(REASONS)
    assert REASONS[-1] == "other"
    assert NOTE_MOST == 1_000


def test_every_reason_is_in_one_group() -> None:
    grouped = [reason for reasons in GROUPS.values() for reason in reasons]

    assert sorted(grouped) == sorted({*REASONS, *CLAIM_REASONS})
    assert (GROUP_OF["too_large"], GROUP_OF["wrong_item"]) == ("fit", "mistake")
