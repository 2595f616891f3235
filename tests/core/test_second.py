"""Four eyes: when a second person is asked, and who can be that person."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retour.core.account import Role
from retour.core.errors import Refused
from retour.core.second import Because, Second, SecondRule, check_second, second_needed

MINOR = st.integers(0, 10**9)


@given(above=MINOR, worth=MINOR, override=st.booleans(), overrides=st.booleans())
def test_whatever_is_worth_more_than_the_amount_needs_a_second_person(
    above: int, worth: int, override: bool, overrides: bool
) -> None:
    needed = second_needed(SecondRule(above, overrides), worth_minor=worth, is_override=override)

    assert (needed is Because.AMOUNT) == (worth > above)
    assert (needed is None) == (worth <= above and not (override and overrides))


def test_without_a_rule_nobody_else_is_asked() -> None:
    assert second_needed(SecondRule(), worth_minor=10**12, is_override=True) is None


@pytest.mark.parametrize(
    ("rule", "role", "hands", "code"),
    [
        (SecondRule(0), None, (), "person_needed"),
        (SecondRule(0), Role.AGENT, (), "forbidden"),
        (SecondRule(0, by=Second.DESK), Role.WAREHOUSE, (), "forbidden"),
        (SecondRule(0), Role.OWNER, ("staff:1",), "same_person"),
        (SecondRule(0), Role.OWNER, ("staff:2",), None),
        (SecondRule(0, by=Second.DESK), Role.AGENT, (), None),
    ],
)
def test_the_second_person_is_another_one_whose_role_may(
    rule: SecondRule, role: Role | None, hands: tuple[str, ...], code: str | None
) -> None:
    def check() -> None:
        check_second(rule, actor="staff:1", role=role, hands=hands)

    if code is None:
        check()
    else:
        with pytest.raises(Refused) as no:
            check()
        assert no.value.code == code
