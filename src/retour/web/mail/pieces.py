"""What several kinds of mail say alike: the number, the items, the one button, whom to ask."""

from retour.core.letter import Letter, ToldReturn
from retour.core.rma import ReturnLine
from retour.web.mail.safe import theirs
from retour.web.mail.told import Button, Item
from retour.web.reader import Reader


def return_of(letter: Letter) -> ToldReturn:
    """Return what is told of the return that a mail is about."""
    assert letter.told is not None, "a mail about a return is written while there is one"
    return letter.told


def number_of(of: ToldReturn) -> str:
    """Return the public number."""
    return f"R-{of.rma.number}"


def title_of(of: ToldReturn, line: ReturnLine, reader: Reader) -> str:
    """Return what an item is called."""
    sold = of.order.line(line.line_ref)
    return theirs(sold.title, reader) if sold is not None else reader.say("Item")


def items_of(of: ToldReturn, lines: list[ReturnLine] | tuple[ReturnLine, ...], reader: Reader) -> tuple[Item, ...]:
    """Return lines as a list of items."""
    return tuple(Item(title_of(of, line, reader), (quantity_of(of, line, reader),)) for line in lines)


def quantity_of(of: ToldReturn, line: ReturnLine, reader: Reader) -> str:
    """Return how many of an item are meant."""
    asked, sold = line.requested_quantity, of.order.line(line.line_ref)
    if sold is not None and sold.quantity > asked:
        return reader.say("%(n)s of %(of)s", n=reader.number(asked), of=reader.number(sold.quantity))
    return reader.say_plural("%(n)s piece", "%(n)s pieces", asked)


def button_of(letter: Letter, reader: Reader) -> Button | None:
    """Return the way to the shopper's page, if there is one."""
    return Button(reader.say("See your return"), letter.front.link) if letter.front.link else None


def contact_of(letter: Letter, reader: Reader) -> tuple[str, ...]:
    """Return whom to ask, if the shop named anybody."""
    contact = letter.front.contact_email or letter.front.contact_url
    return (reader.say("Questions? Ask us: %(contact)s", contact=theirs(contact, reader)),) if contact else ()
