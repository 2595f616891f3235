"""Mails about what is no refund: a gift names no price, a repair says where the parcel is, a visit says what to show."""

from dataclasses import replace

import pytest

from retour.core.mail import MailKind
from retour.core.money import Sides
from retour.web.mail import Letters
from tests.web.mail.samples import a_letter


@pytest.fixture(scope="module")
def letters() -> Letters:
    return Letters.load()


def written(letters: Letters, **said: object) -> str:
    """Return subject and text of the mail about something that was carried out outside."""
    letter = a_letter(MailKind.RETURN_REFUNDED, "en")
    assert letter.told is not None
    mail = letters.write(replace(letter, told=replace(letter.told, **said)))  # type: ignore[arg-type]
    return f"{mail.subject}\n{mail.text}\n{mail.html}"


def test_the_credit_of_a_gift_is_told_without_its_amount(letters: Letters) -> None:
    letter = a_letter(MailKind.RETURN_REFUNDED, "en")
    assert letter.told is not None

    bought = written(letters, paid_as=("store_credit", None))
    given = written(letters, paid_as=("store_credit", None), rma=replace(letter.told.rma, gift=True))

    assert "€" in bought
    assert "€" not in given
    assert "Store credit" in given


@pytest.mark.parametrize(
    ("replaced", "said"), [(False, "Your item is repaired."), (True, "Your item could not be repaired.")]
)
def test_a_repair_says_how_it_ended_and_where_the_parcel_is(letters: Letters, replaced: bool, said: str) -> None:
    mail = written(letters, paid_as=("repair", None), sent=("dhl", "0034043"), replaced=replaced)

    assert said in mail
    assert "It is on its way to you: DHL, 0034043." in mail
    assert "It is on its way to you" not in written(letters, paid_as=("repair", None))


def asked_for(letters: Letters, kinds: tuple[str, str], total_minor: int) -> str:
    """Return the text of the mail about a request for these two, which comes to so much on no payment."""
    letter = a_letter(MailKind.RETURN_REQUESTED, "en")
    assert letter.told is not None
    lines = [replace(line, resolution=kind) for line, kind in zip(letter.told.rma.lines, kinds, strict=True)]
    (plan,) = letter.told.promised
    plan = replace(plan, total=Sides(total_minor, total_minor), legs=(), unallocated=total_minor)
    told = replace(letter.told, rma=replace(letter.told.rma, lines=tuple(lines)), promised=(plan,))
    return letters.write(replace(letter, told=told)).text


def test_who_gets_items_and_no_money_is_told_of_no_refund_of_nothing(letters: Letters) -> None:
    in_kind = asked_for(letters, ("repair", "replacement"), 0)

    assert "Repair, Replacement" in in_kind
    assert "You get back" not in in_kind
    assert "to the cent" not in in_kind
    assert "You get back" in asked_for(letters, ("repair", "replacement"), 500)
    assert "You get back" in asked_for(letters, ("repair", "refund_original"), 0)


def test_what_no_payment_takes_goes_where_it_was_chosen_to_go_and_not_to_a_refund(letters: Letters) -> None:
    text = asked_for(letters, ("refund_original", "store_credit"), 500)

    assert "Refund, Store credit ." not in text
    assert "\nStore credit ." in text


def test_goods_that_are_brought_need_no_label(letters: Letters) -> None:
    mail = letters.write(a_letter(MailKind.RETURN_APPROVED, "en", method="in_store"))

    assert "Bring the items to the shop and show R-10482 at the counter." in mail.text
    assert "label" not in mail.text.lower()
