"""Ids of other systems."""

from retour.core.intake.ref import same_ref


def test_an_id_is_known_whole_or_by_the_number_at_the_end_of_its_path() -> None:
    assert same_ref("O-1", "O-1")
    assert same_ref("42", "gid://shop/Order/42")
    assert not same_ref("2", "gid://shop/Order/42")
    assert not same_ref("Order/42", "gid://shop/Order/42")
    assert not same_ref("42", "gid://shop/Order/421")
    assert not same_ref("", "gid://shop/Order/")
