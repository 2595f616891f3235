"""Mails about the card of an instant exchange: the last day, a card that refused, what is owed, what was charged."""

from dataclasses import replace

import pytest

from retour.core.mail import MailKind
from retour.core.rma.hold import ELSEWHERE, HoldState, HoldView, Owes
from retour.web.mail import Letters
from tests.web.mail.samples import AT, DECIDED, END, a_letter


@pytest.fixture(scope="module")
def letters() -> Letters:
    return Letters.load()


@pytest.mark.parametrize(
    ("card", "subject", "says"),
    [
        (
            HoldView(HoldState.AUTHORISED, AT, 1_999, send_by=END),
            "Hand your return R-10482 over by 26 May",
            "€19.99 is held on your card for it.",
        ),
        (
            HoldView(HoldState.DUNNING, AT, 1_999, owes=Owes.CONFIRM),
            "Your card was refused (R-10482)",
            "We hold €19.99 on a card until your items are back. Yours has refused.",
        ),
        (
            HoldView(HoldState.FAILED, AT, 1_999, owes=Owes.PAY, owed_minor=600),
            "Your card was refused (R-10482)",
            "Please pay €6.00 for your new item.",
        ),
        (HoldView(HoldState.CAPTURED, AT, 1_999, 600), "€6.00 was charged (R-10482)", "so your new item is charged."),
        (
            HoldView(HoldState.CAPTURED, AT, 1_999, 600, problem=ELSEWHERE),
            "€6.00 was charged (R-10482)",
            "The shop has charged it. Please ask the shop if you did not expect it.",
        ),
    ],
)
def test_each_says_the_amount_and_what_to_do(letters: Letters, card: HoldView, subject: str, says: str) -> None:
    mail = letters.write(
        a_letter(MailKind.RETURN_REMINDER, "en", rma=replace(DECIDED[MailKind.RETURN_REMINDER], card=card))
    )

    assert mail.subject == subject
    assert says in " ".join(mail.text.split())


@pytest.mark.parametrize("language", ["de", "ar"])
def test_every_language_names_the_amount(letters: Letters, language: str) -> None:
    card = HoldView(HoldState.DUNNING, AT, 1_999, owes=Owes.CONFIRM)
    english = letters.write(
        a_letter(MailKind.RETURN_REMINDER, "en", rma=replace(DECIDED[MailKind.RETURN_REMINDER], card=card))
    )

    mail = letters.write(
        a_letter(MailKind.RETURN_REMINDER, language, rma=replace(DECIDED[MailKind.RETURN_REMINDER], card=card))
    )

    assert mail.subject != english.subject
    assert "R-10482" in mail.subject


def test_a_card_that_is_free_again_leaves_the_reminder_as_it_was(letters: Letters) -> None:
    plain = DECIDED[MailKind.RETURN_REMINDER]
    free = replace(plain, card=HoldView(HoldState.RELEASED, AT, 1_999))

    assert (
        letters.write(a_letter(MailKind.RETURN_REMINDER, "en", rma=free)).subject
        == letters.write(a_letter(MailKind.RETURN_REMINDER, "en", rma=plain)).subject
    )
