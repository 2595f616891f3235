"""What somebody wrote in a mail: HTML as text, without what they quoted and what their program added."""

import re
from html.parser import HTMLParser
from typing import Final

MOST_HTML: Final = 500_000  # characters that are looked at
MOST_PARSED: Final = 200_000  # of them, without comments
_UNSEEN: Final = frozenset({"script", "style", "title", "template", "noscript", "svg", "object", "iframe"})
_VOID: Final = frozenset({"br", "hr", "img", "meta", "link", "input", "col", "wbr", "area", "base", "embed", "source"})
_BREAKS: Final = frozenset(
    {"p", "div", "br", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "section", "pre"}
)
_QUOTED: Final = frozenset(
    {"gmail_quote", "gmail_extra", "moz-cite-prefix", "yahoo_quoted", "divrplyfwdmsg", "appendonsend"}
)
_HIDDEN: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])", re.IGNORECASE)

_TAG: Final = re.compile(r"<[a-zA-Z/?]")
_SPACES: Final = re.compile(r"[ \t\u00a0\u200b\ufeff]+")
_EMPTY: Final = re.compile(r"\n{3,}")
_SIGNATURE: Final = re.compile(r"--|_{2,}")
# What a telephone or a program adds below; people write on after it.
_ADDED: Final = re.compile(
    r"sent from my .{1,40}|sent from (?:outlook|mail|yahoo|proton).{0,40}|get outlook for .{1,40}"
    r"|gesendet (?:mit|von|aus) (?:der|dem|mein|outlook|mail).{0,60}|von mein(?:em|er) .{1,40} gesendet\.?"
    r"|envoyé (?:de|depuis) mon .{1,40}|enviado desde mi .{1,40}|inviato da.{0,3} mio .{1,40}",
    re.IGNORECASE,
)
# Who wrote what follows, when: "On 3 May 2026, Mara wrote:" in the languages most shoppers write.
_WROTE: Final = re.compile(
    r"(?:on|am|le|el|il|op)\b.{5,250}?\b(?:wrote|schrieb|a écrit|escribió|ha scritto|schreef)\b.{0,150}:",
    re.IGNORECASE | re.DOTALL,
)
_DIVIDER: Final = re.compile(
    r"-{2,}\s*(?:original message|ursprüngliche nachricht|original-nachricht|message d'origine|mensaje original)\s*-{2,}",
    re.IGNORECASE,
)
_HEADER: Final = re.compile(r"\*?(?:from|von|de|da)\*?\s?:.*@.*", re.IGNORECASE)
_HEADER_AFTER: Final = re.compile(
    r"\*?(?:sent|date|to|subject|gesendet|datum|an|betreff|envoyé|objet)\*?\s?:", re.IGNORECASE
)


def text_of(html: str) -> str:
    """Return what a person reads of an HTML mail; scripts, styles, hidden parts and quoted mail are left out.

    Where nothing else would be left, the quoted and hidden parts stay.
    """
    parsed = tags_and_text(html)
    return _read(parsed, all_of_it=False) or _read(parsed, all_of_it=True)


def tags_and_text(html: str) -> str:
    """Return HTML without comments and declarations, as far as it is parsed; a tag without an end is left out.

    The parser looks for the end of each of these in all that follows, so that many without one cost it the square.
    """
    kept, at, html = list[str](), 0, html[:MOST_HTML]
    while (begin := html.find("<!", at)) >= 0:
        # A piece that ends as a tag begins would become one with what follows.
        kept.append(html[at:begin] + (" " if html[at:begin].endswith("<") else ""))
        end = "-->" if html.startswith("<!--", begin) else ">"
        found = html.find(end, begin + 2)
        at = len(html) if found < 0 else found + len(end)
    shown = "".join([*kept, html[at:]])[:MOST_PARSED]
    last = shown.rfind(">") + 1
    unclosed = _TAG.search(shown, last)
    return shown if unclosed is None else shown[: unclosed.start()]


def _read(html: str, *, all_of_it: bool) -> str:
    reader = _Reader(all_of_it=all_of_it)
    try:
        reader.feed(html)
        reader.close()
    except (AssertionError, ValueError):  # such as a character with a number beyond all sense; what was read stands
        pass
    return _tidy("".join(reader.parts))


def own_words(text: str, *, forwarded: bool = False) -> str:
    """Return what the sender wrote: no quoted mail, no signature. All of it where nothing else would be left.

    What is `forwarded` is what the sender wants to show: it stays.
    """
    tidy = _tidy(text)
    if forwarded:
        return tidy
    lines = tidy.split("\n")
    kept = list[str]()
    for n, line in enumerate(lines):
        if _ends(lines, n):
            break
        if not line.startswith(">") and not _ADDED.fullmatch(line):
            kept.append(line)
    return _tidy("\n".join(kept)) or tidy


def _ends(lines: list[str], n: int) -> bool:
    """Return whether what the sender wrote ends before a line."""
    line = lines[n]
    if _SIGNATURE.fullmatch(line) or _DIVIDER.fullmatch(line):
        return True
    if _HEADER.fullmatch(line) and any(_HEADER_AFTER.match(after) for after in lines[n + 1 : n + 5]):
        return True
    return any(_WROTE.fullmatch(" ".join(lines[n : n + many])) for many in (1, 2, 3))


def _tidy(text: str) -> str:
    lines = (_SPACES.sub(" ", line).strip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return _EMPTY.sub("\n\n", "\n".join(lines)).strip()


class _Reader(HTMLParser):
    """Collects the text of a page; `_inside` is the element that is not read, `_deep` how often it is open."""

    def __init__(self, *, all_of_it: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._all_of_it = all_of_it
        self._inside: str | None = None
        self._deep = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line where the element does, and leave out what nobody reads."""
        if tag in _BREAKS:
            self.parts.append("\n")
        elif tag in {"td", "th"}:
            self.parts.append(" ")
        if self._inside is None and tag not in _VOID and self._left_out(tag, dict(attrs)):
            self._inside = tag
        self._deep += tag == self._inside

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the parser's
        """Begin a line where an empty element does."""
        if tag in _BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """End a line where the element does, and read again after what was left out."""
        if tag in _BREAKS:
            self.parts.append("\n")
        if tag == self._inside:
            self._deep -= 1
            if self._deep == 0:
                self._inside = None

    def handle_data(self, data: str) -> None:
        """Keep text as it is read: any space is one."""
        if self._inside is None:
            self.parts.append(re.sub(r"\s+", " ", data))

    def _left_out(self, tag: str, attributes: dict[str, str | None]) -> bool:
        if tag in _UNSEEN or self._all_of_it:
            return tag in _UNSEEN
        names = {*(attributes.get("class") or "").lower().split(), (attributes.get("id") or "").lower()}
        return (
            tag == "blockquote" or "hidden" in attributes or bool(names & _QUOTED)
            or _HIDDEN.search(attributes.get("style") or "") is not None
        )  # fmt: skip
