"""The words of mails about a statutory withdrawal: the acknowledgement holds the whole statement, its day and time."""

from datetime import datetime

from retour.core.letter import Letter
from retour.web.mail.safe import their_lines, theirs
from retour.web.mail.told import Item, Section, Told
from retour.web.reader import Reader


def withdrawal_received(letter: Letter, reader: Reader) -> Told:
    """Return the acknowledgement: what was stated, when it was received, and what follows."""
    said, say = letter.secret, reader.say
    number, moment = theirs(said.get("number", ""), reader), _moment(letter, reader)
    scope = say("You withdraw from a part of the contract %(number)s.", number=number) if said.get("goods") else say(
        "You withdraw from the contract %(number)s.", number=number
    )  # fmt: skip
    items = [Item(say("Name"), (theirs(said.get("name", ""), reader),)), Item(say("Order or contract"), (number,))]
    if said.get("goods"):
        items.append(Item(say("Items"), their_lines(said["goods"], reader)))
    items += [
        Item(say("Confirmation to"), (theirs(said.get("contact", ""), reader),)),
        Item(say("Received"), (moment, _exact(letter, reader))),
        Item(say("Check sum (SHA-256)"), (said.get("sha256", ""),)),
    ]
    return Told(
        subject=say("Your withdrawal from %(number)s was received", number=number),
        title=say("Your withdrawal was received"),
        paragraphs=(
            say("We received it on %(moment)s.", moment=moment), scope, say("Keep this mail: it is your confirmation."),
        ),
        sections=(
            Section(say("What you stated"), items=tuple(items)),
            Section(
                say("What follows"),
                (
                    say("We look for your order and write to you how to send the items back."),
                    say("Send them within 14 days from today."),
                    say(
                        "We pay you back within 14 days. We may wait until the items have arrived, or until you show that "
                        "you sent them."
                    ),
                ),
            ),
        ),
        closing=(
            say("You did not withdraw from anything? Then answer this mail or tell the shop."), *_contact(letter, reader),
        ),
    )  # fmt: skip


def withdrawal_answered(letter: Letter, reader: Reader) -> Told:
    """Return the answer to a statement of which nothing follows, with the reason a person gave."""
    said, say = letter.secret, reader.say
    number = theirs(said.get("number", ""), reader)
    return Told(
        subject=say("About your withdrawal from %(number)s", number=number),
        title=say("About your withdrawal"),
        paragraphs=(
            say("We received it on %(moment)s and looked at it.", moment=_moment(letter, reader)),
            say("No return was opened for it."),
        ),
        sections=(Section(say("Why"), their_lines(said.get("reason", ""), reader)),),
        closing=(say("Your rights stay as they are, whatever stands here."), *_contact(letter, reader)),
    )


def _moment(letter: Letter, reader: Reader) -> str:
    return reader.moment(datetime.fromisoformat(letter.secret["at"]))


def _exact(letter: Letter, reader: Reader) -> str:
    """Return the moment as it can be read in any year: 2026-05-12T15:04:00+02:00."""
    return reader.local(datetime.fromisoformat(letter.secret["at"])).isoformat(timespec="seconds")


def _contact(letter: Letter, reader: Reader) -> tuple[str, ...]:
    contact = letter.front.contact_email or letter.front.contact_url
    return (reader.say("Questions? Ask us: %(contact)s", contact=theirs(contact, reader)),) if contact else ()
