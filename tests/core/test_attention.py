"""Tags as they are kept."""

import pytest

from retour.core.attention import tag_of
from retour.core.errors import Refused


def test_a_tag_is_kept_in_one_case_with_one_blank_between_words() -> None:
    assert tag_of("  Call   BACK ") == "call back"


@pytest.mark.parametrize("text", ["", "   ", "x" * 41, "bell\x07"])
def test_what_is_no_tag_is_refused(text: str) -> None:
    with pytest.raises(Refused) as no:
        tag_of(text)
    assert (no.value.code, no.value.field) == ("tag_not_valid", "tag")
