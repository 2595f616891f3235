"""The words of mails about the card of an instant exchange: the last day comes, the card refused, it was charged."""

from retour.core.letter import Letter, ToldReturn
from retour.core.money import Money
from retour.core.rma.hold import ELSEWHERE, HoldState, HoldView, Owes
from retour.web.mail.pieces import button_of, contact_of, number_of
from retour.web.mail.told import Told
from retour.web.reader import Reader


def of_card(letter: Letter, told: ToldReturn, card: HoldView, reader: Reader) -> Told | None:
    """Return the mail about how the card of a return stands, if that is what there is to say."""
    amount = reader.amount(Money(card.amount_minor or 0, told.rma.currency))
    text: tuple[str, ...]
    match card.state:
        case HoldState.AUTHORISED | HoldState.REAUTHORISING if card.send_by is not None:
            day = reader.day(card.send_by)
            subject = reader.say("Hand your return %(number)s over by %(day)s", number=number_of(told), day=day)
            title = reader.say("Hand your return over by %(day)s", day=day)
            text = (
                reader.say("You have your new item already. %(amount)s is held on your card for it.", amount=amount),
                reader.say("After that day it is charged. Sent already? All is well."),
            )
        case HoldState.DUNNING | HoldState.FAILED:
            owed = reader.amount(Money(card.owed_minor or card.amount_minor or 0, told.rma.currency))
            subject = reader.say("Your card was refused (%(number)s)", number=number_of(told))
            title = reader.say("Your card was refused")
            text = (
                (
                    reader.say(
                        "Your items did not come back as agreed. Please pay %(amount)s for your new item.", amount=owed
                    ),
                )
                if card.owes is Owes.PAY
                else (
                    reader.say(
                        "We hold %(amount)s on a card until your items are back. Yours has refused.", amount=amount
                    ),
                    reader.say("Please confirm it with a card on the page of your return."),
                )
            )
        case HoldState.CAPTURED:
            owed = reader.amount(Money(card.captured_minor, told.rma.currency))
            subject = reader.say("%(amount)s was charged (%(number)s)", amount=owed, number=number_of(told))
            title = reader.say("%(amount)s was charged to your card", amount=owed)
            text = (
                reader.say("The shop has charged it. Please ask the shop if you did not expect it.")
                if card.problem == ELSEWHERE
                else reader.say("Your items did not come back in time or in order, so your new item is charged."),
            )
        case _:
            return None
    return Told(
        subject=subject, title=title, paragraphs=text, button=button_of(letter, reader),
        closing=contact_of(letter, reader),
    )  # fmt: skip
