"""The words of a mail to the staff about a return: what happened, and where to look; nothing of the shopper."""

from collections.abc import Mapping
from typing import Final

from retour.core.letter import Letter
from retour.core.notice import News
from retour.web.mail.told import Button, Told
from retour.web.reader import Reader


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


_SAID: Final[Mapping[News, str]] = {
    News.ANSWERED: _("The shopper answered your question."),
    News.WROTE: _("The shopper wrote to you by mail."),
    News.EDITED: _("The shopper changed the return."),
    News.CANCELLED: _("The shopper cancelled."),
    News.NOTED: _("A colleague wrote a note."),
}


def notice(letter: Letter, reader: Reader) -> Told:
    """Return what a mail about a return says; `secret` holds its number, what happened (`news`) and the link."""
    secret = letter.secret
    said = [reader.say(_SAID[News(code)]) for code in secret["news"].split(",")]
    if len(said) == 1:
        subject = f"{secret['number']}: {said[0].rstrip('.')}"
    else:
        subject = reader.say("%(number)s: %(n)s things happened", number=secret["number"], n=reader.number(len(said)))
    closing = (
        reader.say("You get this because you look after this return or watch it. Settings, You: switch it off.")
        if secret["whose"] == "yours"
        else reader.say("You get this because nobody looks after this return.")
    )
    return Told(
        subject=subject,
        title=reader.say("Something happened to %(number)s", number=secret["number"]),
        paragraphs=tuple(said),
        button=Button(reader.say("Open the return"), secret["link"]),
        closing=(closing,),
    )
