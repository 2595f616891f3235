"""Translations: catalogues as text files, one for each language and subject, merged when the process starts."""

import io
from collections.abc import Collection, Mapping
from gettext import NullTranslations
from pathlib import Path
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

FOLDER: Final = Path(__file__).parent / "locale"
SOURCE_LANGUAGE: Final = "en"  # its texts are the message ids
LANGUAGES: Final[Mapping[str, str]] = {"en": "English", "de": "Deutsch", "ar": "العربية"}
# The staff read pages that are translated whole, or English.
STAFF_LANGUAGES: Final[Mapping[str, str]] = {"en": LANGUAGES["en"], "de": LANGUAGES["de"]}
DOMAINS: Final = ("web", "portal", "dashboard", "settings", "warehouse", "mail")
RIGHT_TO_LEFT: Final = frozenset({"ar", "fa", "he", "ur"})


class Texts:
    """The translations of every language of the house."""

    def __init__(self, translations: Mapping[str, NullTranslations]) -> None:
        self._translations = dict(translations)

    @classmethod
    def load(cls, folder: Path = FOLDER) -> "Texts":
        """Return the catalogues under `<folder>/<language>/<domain>.po`, merged; what lacks stays English."""
        return cls({language: _merged(folder / language) for language in LANGUAGES})

    def of(self, language: str) -> NullTranslations:
        """Return the translations into a language; for an unknown one, English."""
        return self._translations.get(language) or self._translations[SOURCE_LANGUAGE]


def match_language(wanted: str, default: str = SOURCE_LANGUAGE, languages: Collection[str] = LANGUAGES.keys()) -> str:
    """Return the best of these languages for an Accept-Language header (RFC 9110 §12.5.4), else the default."""
    ranked: list[tuple[float, int, str]] = []
    for position, part in enumerate(wanted.split(",")[:20]):
        tag, _, weight = part.strip().partition(";")
        language = tag.strip().lower().partition("-")[0]
        if language in languages:
            ranked.append((-_weight(weight), position, language))
    best = min(ranked, default=None)
    return best[2] if best and best[0] < 0 else default


def _weight(text: str) -> float:
    name, _, value = text.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def _merged(folder: Path) -> NullTranslations:
    merged: Translations | None = None
    for domain in DOMAINS:
        path = folder / f"{domain}.po"
        if not path.is_file():
            continue
        with path.open("rb") as file:
            catalogue = read_po(file, locale=folder.name)
        compiled = io.BytesIO()
        write_mo(compiled, catalogue)
        compiled.seek(0)
        translations = Translations(compiled)
        merged = translations if merged is None else merged.merge(translations)
    return merged or NullTranslations()
