"""Compare the texts of pages and mails with their translations; exit 1 if one is missing, empty, or lost a placeholder."""

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

ROOT: Final = Path(__file__).resolve().parents[1]
HOUSE: Final = ROOT / "src" / "retour"
LOCALE: Final = HOUSE / "web" / "locale"
# Signing in, setting up and the frame are of one piece with the settings.
_ENTRY: Final = (
    "connecting", "entry", "frame", "more", "password", "policy/", "policy_words", "refusals", "set_up", "sign_in",
)  # fmt: skip
# The first that a path begins with names its domain.
ROOMS: Final = (
    ("web/mail/", "mail"),
    ("web/", "web"),
    ("doors/portal/", "portal"),
    ("doors/dashboard/settings/", "settings"),
    ("doors/dashboard/templates/dashboard/settings/", "settings"),
    *((f"doors/dashboard/{name}", "settings") for name in _ENTRY),
    *((f"doors/dashboard/templates/dashboard/{name}", "settings") for name in _ENTRY),
    ("doors/dashboard/", "dashboard"),
    ("doors/warehouse/", "warehouse"),
)
WANTED: Final = {"de": ("web", "portal", "dashboard", "settings", "warehouse", "mail"), "ar": ("web", "portal", "mail")}
KEYWORDS: Final[dict[str, Any]] = {
    "_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3),
    "say": None, "say_plural": (1, 2), "N_": None,
}  # fmt: skip
_JINJA: Final = {"trimmed": "true", "silent": "false", "extensions": "jinja2.ext.do"}
_PLACEHOLDER: Final = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class Text:
    """One text of the source: its English (with its plural, if it has one), its context and where it first stands."""

    english: str
    plural: str | None
    context: str | None
    place: str

    @property
    def key(self) -> str | tuple[str, str]:
        """Return how a catalogue names it."""
        return (self.english, self.plural) if self.plural is not None else self.english


def extracted(house: Path = HOUSE) -> dict[str, list[Text]]:
    """Return the texts of every domain, each once, in the order of files and lines."""
    found: dict[str, dict[tuple[str, str | None], Text]] = {domain: {} for domain in WANTED["de"]}
    for path in sorted(house.rglob("*")):
        name = path.relative_to(house).as_posix()
        domain = next((domain for room, domain in ROOMS if name.startswith(room)), None)
        if domain is None or path.suffix not in {".py", ".html", ".txt", ".mjml"} or "/assets/" in f"/{name}":
            continue
        for text in _texts(path, name):
            known = found[domain].get((text.english, text.context))
            if known is None or (known.plural is None and text.plural is not None):
                found[domain][text.english, text.context] = text
    return {domain: list(texts.values()) for domain, texts in found.items()}


def complaints(texts: dict[str, list[Text]], locale: Path = LOCALE) -> list[str]:
    """Return one line for each text that a wanted language lacks, and for each translation that is broken."""
    out: list[str] = []
    for language, domains in WANTED.items():
        shared = _catalogue(locale, language, "web")
        for domain in domains:
            catalogue = _catalogue(locale, language, domain)
            for text in texts.get(domain, ()):
                message = catalogue.get(text.key, context=text.context)
                if message is None or not _filled(message, catalogue):
                    message = shared.get(text.key, context=text.context)
                out += [
                    f"{language}/{domain}.po: {said}: {text.english!r} ({text.place})"
                    for said in _faults(text, message, catalogue)
                ]
    return out


def write(texts: dict[str, list[Text]], only: Sequence[str] = (), locale: Path = LOCALE) -> None:
    """Add what is missing as empty entries, and drop what the source no longer says; in these domains, or in all."""
    for language, domains in WANTED.items():
        shared = _catalogue(locale, language, "web")
        for domain in [domain for domain in domains if not only or domain in only]:
            old = _catalogue(locale, language, domain)
            new = Catalog(locale=language, fuzzy=False)
            for text in texts[domain]:
                kept = old.get(text.key, context=text.context)
                if domain != "web" and kept is None and shared.get(text.key, context=text.context) is not None:
                    continue
                new.add(text.key, kept.string if kept else None, locations=[(text.place, 1)], context=text.context)
            path = locale / language / f"{domain}.po"
            if len(new) or path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("wb") as file:
                    write_po(file, new, width=120, omit_header=False, include_lineno=False, sort_output=False)
                _without_dates(path)


def _texts(path: Path, name: str) -> Iterator[Text]:
    method = "python" if path.suffix == ".py" else "jinja2.ext:babel_extract"
    options = {} if path.suffix == ".py" else _JINJA
    for _, message, _, context in extract_from_file(method, str(path), KEYWORDS, options=options):
        one, many = (message[0], message[1]) if isinstance(message, tuple) else (message, None)
        if one:
            yield Text(one, many, context, name)


def _faults(text: Text, message: Message | None, catalogue: Catalog) -> list[str]:
    if message is None or not _filled(message, catalogue):
        return ["missing"]
    strings = [*message.string] if isinstance(message.string, tuple | list) else [str(message.string)]
    wanted = set(_PLACEHOLDER.findall(text.english)) | set(_PLACEHOLDER.findall(text.plural or ""))
    found = [set(_PLACEHOLDER.findall(string)) for string in strings]
    # A form for one or two may spell its number out; the last form is that of many.
    loose = {"n", "num"} if text.plural is not None else set()
    if found[-1] != wanted or any(not wanted - loose <= one <= wanted for one in found):
        return ["wrong placeholders"]
    return []


def _filled(message: Message, catalogue: Catalog) -> bool:
    if isinstance(message.id, tuple | list):
        strings = message.string if isinstance(message.string, tuple | list) else ()
        return len(strings) == catalogue.num_plurals and all(strings)
    return bool(message.string)


def _catalogue(locale: Path, language: str, domain: str) -> Catalog:
    path = locale / language / f"{domain}.po"
    if not path.is_file():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def _without_dates(path: Path) -> None:
    """Drop the header lines that change with every run."""
    dropped = [
        "POT-Creation-Date", "PO-Revision-Date", "Generated-By", "Last-Translator", "Language-Team",
        "Project-Id-Version", "Report-Msgid-Bugs-To",
    ]  # fmt: skip
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith(tuple(f'"{name}' for name in dropped))]
    start = next(i for i, line in enumerate(kept) if line.startswith("msgid"))
    path.write_text("\n".join(kept[start:]) + "\n", encoding="utf-8")


def main() -> int:
    """Print what is missing; return the exit status of the process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="add the missing entries, empty, and drop unused ones")
    parser.add_argument("domains", nargs="*", metavar="DOMAIN", help="only these, such as portal")
    asked = parser.parse_args()
    texts = {domain: said for domain, said in extracted().items() if not asked.domains or domain in asked.domains}
    if asked.write:
        write(texts, asked.domains)
    found = complaints(texts)
    print("\n".join([*found, f"{len(found)} texts without a good translation"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
