"""Mails about what is no refund: a gift names no price, a repair says where the parcel is, a visit says what to show."""

from dataclasses import replace

import pytest

from retour.core.mail import MailKind
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


def test_goods_that_are_brought_need_no_label(letters: Letters) -> None:
    mail = letters.write(a_letter(MailKind.RETURN_APPROVED, "en", method="in_store"))

    assert "Bring the items to the shop and show R-10482 at the counter." in mail.text
    assert "label" not in mail.text.lower()
