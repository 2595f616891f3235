"""Writes letters: the words, then MJML filled in and turned into HTML that mail programs understand."""

from typing import Final, Self

from mjml import mjml2html

from retour.core.brand import DEFAULT, palette
from retour.core.letter import Letter, Written, one_line
from retour.web.mail.plain import plain
from retour.web.mail.words import told
from retour.web.reader import Readers
from retour.web.templates import Templates
from retour.web.texts import Texts

TEMPLATE: Final = "mail/letter.mjml"


class Letters:
    """Puts letters into words; made once, used by one process."""

    def __init__(self, templates: Templates, readers: Readers) -> None:
        self._templates, self._readers = templates, readers

    @classmethod
    def load(cls) -> Self:
        """Return the letters of the house with its templates and languages."""
        return cls(Templates(_no_asset), Readers(Texts.load()))

    def write(self, letter: Letter) -> Written:
        """Return a letter in words."""
        reader = self._readers.make(letter.language, timezone=letter.timezone, now=letter.at)
        said = told(letter, reader)
        name = one_line(letter.front.name)
        source = self._templates.text(
            TEMPLATE, reader=reader, told=said, name=name, brand=palette(letter.front.brand or DEFAULT)
        )
        html = mjml2html(source, disable_comments=True, fonts={})
        return Written(one_line(said.subject), plain(said, reader, name=name), html)


def _no_asset(name: str) -> str:
    raise LookupError(f"a mail carries nothing along: {name}")
