"""The mail that asks for a fee that is paid beforehand: its amount, the day, and where it is paid."""

from dataclasses import replace

import pytest

from retour.core.mail import MailKind
from retour.core.money import Sides
from retour.core.refund import FeeKind
from retour.core.rma.fee import FeePart, FeeState, FeeView
from retour.web.mail import Letters
from tests.web.mail.samples import AT, DECIDED, END, a_letter


@pytest.fixture(scope="module")
def letters() -> Letters:
    return Letters.load()


FEE = FeeView(
    FeeState.UNPAID, AT, (FeePart(FeeKind.RETURN, Sides(690, 690)),), expires_at=END,
    pay_url="https://shop.example/invoices/8",
)  # fmt: skip


@pytest.mark.parametrize(
    ("language", "subject", "day"),
    [
        ("en", "Your return R-10482 waits for €6.90", "Pay by 26 May; after that your return expires."),
        (
            "de",
            "Ihre Rücksendung R-10482 wartet auf 6,90\N{NO-BREAK SPACE}€",
            "Bezahlen Sie bis zum 26. Mai; danach verfällt Ihre Rücksendung.",
        ),
    ],
)
def test_it_names_the_fee_the_day_and_the_invoice(letters: Letters, language: str, subject: str, day: str) -> None:
    rma = replace(DECIDED[MailKind.RETURN_REMINDER], fee=FEE, send_by=None)

    mail = letters.write(a_letter(MailKind.RETURN_REMINDER, language, rma=rma))
    endless = replace(rma, fee=replace(FEE, expires_at=None, pay_url=None))
    open_end = letters.write(a_letter(MailKind.RETURN_REMINDER, language, rma=endless))

    assert mail.subject == subject
    assert day in " ".join(mail.text.split())
    assert "https://shop.example/invoices/8" in mail.text
    assert day not in " ".join(open_end.text.split())
    assert "invoices/8" not in open_end.text


def test_the_end_says_that_the_fee_was_not_paid(letters: Letters) -> None:
    rma = replace(DECIDED[MailKind.RETURN_EXPIRED], fee=replace(FEE, state=FeeState.LAPSED))

    mail = letters.write(a_letter(MailKind.RETURN_EXPIRED, "en", rma=rma))

    assert "The fee was not paid in time." in " ".join(mail.text.split())
