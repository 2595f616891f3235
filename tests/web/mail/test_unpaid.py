"""The reminder to pay the difference of an exchange: the amount, the day, and what follows after it."""

from dataclasses import replace

import pytest

from retour.core.mail import MailKind
from retour.core.rma import SettlementState
from retour.core.rma.exchange import ExchangeState, ExchangeView
from retour.web.mail import Letters
from tests.core.rma import builders as b
from tests.web.mail.samples import AT, DECIDED, END, a_letter


@pytest.fixture(scope="module")
def letters() -> Letters:
    return Letters.load()


@pytest.mark.parametrize(
    ("language", "subject", "day"),
    [
        ("en", "Your new item waits for €51.41 (R-10482)", "Pay by 26 May; after that"),
        (
            "de",
            "Ihr neuer Artikel wartet auf 51,41\N{NO-BREAK SPACE}€ (R-10482)",
            "Bezahlen Sie bis zum 26. Mai; danach",
        ),
    ],
)
def test_it_names_the_difference_and_the_day(letters: Letters, language: str, subject: str, day: str) -> None:
    view = ExchangeView(ExchangeState.UNPAID, AT, collect_minor=5_141, expires_at=END)
    unpaid = b.a_settlement(1, SettlementState.HANDED_OVER, handed_to="merchant", exchange=view)
    rma = replace(DECIDED[MailKind.RETURN_REMINDER], settlements=(unpaid,), send_by=None)

    mail = letters.write(a_letter(MailKind.RETURN_REMINDER, language, rma=rma))
    endless = replace(rma, settlements=(replace(unpaid, exchange=replace(view, expires_at=None)),))
    open_end = letters.write(a_letter(MailKind.RETURN_REMINDER, language, rma=endless))

    assert mail.subject == subject
    assert day in " ".join(mail.text.split())
    assert day not in " ".join(open_end.text.split())
