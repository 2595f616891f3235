"""What a label's reference says about the return."""

import pytest

from retour.core.shipping import return_number


@pytest.mark.parametrize(
    ("reference", "number"),
    [
        ("R-10482", 10482),
        (" r-7 ", 7),
        ("R-0", None),
        ("R-007", None),
        ("10482", None),
        ("R-10482 and more", None),
        ("R-" + "9" * 19, None),
        ("R-१२", None),
        ("", None),
    ],
)
def test_only_the_number_of_a_return_is_one(reference: str, number: int | None) -> None:
    assert return_number(reference) == number
