"""The words of mails about turns of a return: a question, a reminder, its end by time."""

from collections.abc import Callable, Mapping
from typing import Final

from retour.core.letter import Letter, ToldReturn
from retour.core.mail import MailKind
from retour.core.money import Money
from retour.core.rma import Decision, deadline
from retour.core.rma.deadline import Because
from retour.core.rma.exchange import ExchangeView
from retour.core.rma.moves import OPEN, UNDECIDED
from retour.web.explained import explained
from retour.web.mail.cards import of_card
from retour.web.mail.pieces import button_of, contact_of, items_of, number_of, return_of
from retour.web.mail.safe import their_lines
from retour.web.mail.told import Button, Section, Told
from retour.web.reader import Reader


def _asked(letter: Letter, reader: Reader) -> Told:
    told = return_of(letter)
    number = number_of(told)
    return Told(
        subject=reader.say("We have a question about your return %(number)s", number=number),
        title=reader.say("We have a question about your return"),
        paragraphs=(reader.say("Your return goes on as soon as you have answered."), *_until(told, reader)),
        button=_answer(letter, reader),
        sections=(_question(told, reader),),
        closing=contact_of(letter, reader),
    )


def _reminded(letter: Letter, reader: Reader) -> Told:
    told, runs = return_of(letter), deadline(return_of(letter).rma)
    if runs is not None and runs.because is Because.NOT_ANSWERED:
        return Told(
            subject=reader.say("Your return %(number)s waits for your answer", number=number_of(told)),
            title=reader.say("Your return waits for your answer"),
            paragraphs=_until(told, reader),
            button=_answer(letter, reader),
            sections=(_question(told, reader),),
            closing=contact_of(letter, reader),
        )
    if told.rma.card is not None and (card := of_card(letter, told, told.rma.card, reader)) is not None:
        return card
    unpaid = next((s.exchange for s in told.rma.settlements if s.exchange and s.exchange.state == "unpaid"), None)
    if unpaid is not None:
        return _unpaid(letter, told, unpaid, reader)
    until = () if runs is None else (reader.say("Hand the parcel over by %(day)s.", day=reader.day(runs.at)),)
    lines = [line for line in told.rma.lines if line.decision is Decision.APPROVED]
    return Told(
        subject=reader.say("Do not forget to send your return %(number)s", number=number_of(told)),
        title=reader.say("Do not forget to send your return"),
        paragraphs=(*until, reader.say("After that it expires, and you keep the items. Sent already? All is well.")),
        button=button_of(letter, reader),
        sections=(Section(reader.say("What is going back"), items=items_of(told, lines, reader)),),
        closing=contact_of(letter, reader),
    )


def _unpaid(letter: Letter, told: ToldReturn, unpaid: ExchangeView, reader: Reader) -> Told:
    """Return the reminder to pay the difference of an exchange; the platform has sent the invoice itself."""
    amount = reader.amount(Money(unpaid.collect_minor or 0, told.rma.currency))
    ends = unpaid.expires_at
    until: tuple[str, ...] = ()
    if ends is not None:
        day = reader.day(ends)
        until = (reader.say("Pay by %(day)s; after that the value of your return is paid out instead.", day=day),)
    return Told(
        subject=reader.say("Your new item waits for %(amount)s (%(number)s)", amount=amount, number=number_of(told)),
        title=reader.say("Your new item waits for %(amount)s", amount=amount),
        paragraphs=(reader.say("It is sent as soon as you have paid the invoice."), *until),
        button=button_of(letter, reader),
        closing=contact_of(letter, reader),
    )


def _expired(letter: Letter, reader: Reader) -> Told:
    told = return_of(letter)
    goes_on = any(line.decision in OPEN for line in told.rma.lines)
    why = reader.say("We got no parcel in time.")
    if told.lapsed:
        why = reader.say("We got no answer to our question in time.")
    follows = reader.say("Nothing changes for you: you keep the items, and nothing is charged.")
    if goes_on:
        follows = reader.say("Keep the items named here. The rest of your return goes on as before.")
    lines = [line for line in told.rma.lines if line.decision is Decision.EXPIRED]
    return Told(
        subject=reader.say("Your return %(number)s has expired", number=number_of(told)),
        title=reader.say("Your return has expired"),
        paragraphs=(why, follows),
        button=button_of(letter, reader),
        sections=(Section(reader.say("What has expired"), items=items_of(told, lines, reader)),),
        closing=contact_of(letter, reader),
    )


def _edited(letter: Letter, reader: Reader) -> Told:
    told = return_of(letter)
    lines = [line for line in told.rma.lines if line.decision in OPEN]
    undecided = any(line.decision in UNDECIDED for line in lines)
    follows = reader.say("We look at it and write to you as soon as it is decided. Keep the items until then.")
    return Told(
        subject=reader.say("Your return %(number)s was changed", number=number_of(told)),
        title=reader.say("Your return was changed"),
        paragraphs=(follows,) if undecided else (),
        button=button_of(letter, reader),
        sections=(Section(reader.say("What is going back"), items=items_of(told, lines, reader)),),
        money_heading=reader.say("Your refund, to the cent"),
        money_note=reader.say("This is the amount if everything arrives as described."),
        money=explained(told.promised, told.order, reader) if told.promised else (),
    )


def _message(letter: Letter, reader: Reader) -> Told:
    told = return_of(letter)
    came = reader.say_plural(
        "%(n)s photo or video came with it: see it on the page of your return.",
        "%(n)s photos or videos came with it: see them on the page of your return.",
        told.message_photos,
    )  # fmt: skip
    return Told(
        subject=reader.say("A message about your return %(number)s", number=number_of(told)),
        title=reader.say("A message about your return"),
        paragraphs=(came,) if told.message_photos else (),
        button=button_of(letter, reader),
        sections=(Section(reader.say("We write"), their_lines(told.message or "", reader)),),
        closing=contact_of(letter, reader),
    )


KINDS: Final[Mapping[MailKind, Callable[[Letter, Reader], Told]]] = {
    MailKind.RETURN_INFO_NEEDED: _asked,
    MailKind.RETURN_REMINDER: _reminded,
    MailKind.RETURN_EXPIRED: _expired,
    MailKind.RETURN_EDITED: _edited,
    MailKind.RETURN_MESSAGE: _message,
}


def _question(told: ToldReturn, reader: Reader) -> Section:
    return Section(reader.say("Our question"), their_lines(told.question or "", reader))


def _until(told: ToldReturn, reader: Reader) -> tuple[str, ...]:
    until = told.rma.asked.answer_by if told.rma.asked else None
    return (
        ()
        if until is None
        else (reader.say("Please answer by %(day)s; after that it expires.", day=reader.day(until)),)
    )


def _answer(letter: Letter, reader: Reader) -> Button | None:
    return Button(reader.say("Answer"), letter.front.link) if letter.front.link else None
