"""Integrators: the account of a reference, and which role is within which."""

from uuid import UUID, uuid4

from retour.core.account import Role, is_program, make_key, parse_key
from retour.core.isv import account_for, actor_of, is_within

ISV = UUID("0192f0c1-2b3c-7d4e-8f50-617283940516")


def test_a_reference_is_one_account_for_ever_and_another_one_for_another_integrator() -> None:
    assert account_for(ISV, "merchant-7") == account_for(ISV, "merchant-7")
    assert (
        len({account_for(ISV, "merchant-7"), account_for(ISV, "merchant-8"), account_for(uuid4(), "merchant-7")}) == 3
    )


def test_a_role_is_within_itself_and_those_that_may_do_more() -> None:
    within = {(role.value, most.value) for role in Role for most in Role if is_within(role, most)}

    assert within == {
        ("warehouse", "warehouse"),
        ("warehouse", "agent"),
        ("warehouse", "owner"),
        ("agent", "agent"),
        ("agent", "owner"),
        ("owner", "owner"),
    }


def test_the_key_of_an_integrator_is_told_from_that_of_an_account() -> None:
    own, other = make_key(ISV, bytes(32), of_isv=True), make_key(ISV, bytes(32))

    assert (own.text[:8], other.text[:9]) == ("rtr_isv_", "rtr_live_")
    assert (parse_key(own.text), parse_key(other.text)) == (own, other)
    assert own.text.removeprefix("rtr_isv_") == other.text.removeprefix("rtr_live_")


def test_keys_and_integrators_are_programs_and_people_are_none() -> None:
    assert is_program(actor_of(ISV))
    assert is_program(f"key:{ISV}")
    assert not is_program(f"staff:{ISV}")
    assert not is_program("cli")
