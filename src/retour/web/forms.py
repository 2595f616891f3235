"""Forms: what was sent, within a limit; what is wrong with it, at the field; amounts as people write them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from litestar import Request
from litestar.datastructures import UploadFile

from retour.core.errors import Refused
from retour.core.money import Money, exponent, parse_decimal
from retour.web import csrf
from retour.web.problem import ProblemError
from retour.web.reader import Reader

LIMIT_BYTES: Final = 64 * 1024
_MOST_DIGITS: Final = 12


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form in the order they were sent; texts are trimmed."""

    fields: Mapping[str, Sequence[str]]
    files: Mapping[str, Sequence[UploadFile]] = field(default_factory=dict)

    def text(self, name: str, default: str = "") -> str:
        """Return the first value of a field, trimmed."""
        return next(iter(self.fields.get(name, ())), default)

    def texts(self, name: str) -> list[str]:
        """Return every value of a field, as checkboxes of one name send them."""
        return list(self.fields.get(name, ()))

    def checked(self, name: str) -> bool:
        """Return whether a checkbox was ticked."""
        return bool(self.fields.get(name))

    def whole(self, name: str) -> int | None:
        """Return a field as a whole number of at most 9 digits, or nothing."""
        text = self.text(name)
        return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None

    def uploads(self, name: str) -> list[UploadFile]:
        """Return the files chosen in a field; a field left empty gives none."""
        return [file for file in self.files.get(name, ()) if file.filename]


@dataclass(slots=True)
class FormErrors:
    """What is wrong with a form, field by field in the order of the page; empty means nothing."""

    _found: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, message: str) -> None:
        """Keep what is wrong with a field; the first message of a field stays."""
        self._found.setdefault(name, message)

    def take(self, more: "FormErrors") -> None:
        """Keep what was found elsewhere behind what is here."""
        for name, message in more:
            self.add(name, message)

    def of(self, name: str) -> str | None:
        """Return what is wrong with a field, or nothing."""
        return self._found.get(name)

    def __bool__(self) -> bool:
        return bool(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Iterate over (name of the field, message)."""
        return iter(self._found.items())


async def read_form(request: Request[Any, Any, Any], limit: int = LIMIT_BYTES, *, token: str | None = None) -> Form:
    """Return a form of at most `limit` bytes, after checking that it is ours.

    Raise ProblemError 403 for a foreign form, or for one without the token where one is given; 411 and 413 for a body
    of unknown or too great length.
    """
    csrf.refuse_foreign(request)
    length = request.headers.get("content-length", "")
    if not length.isdigit():
        raise ProblemError(411, "length_required", "The browser did not say how long the form is.")
    if int(length) > limit:
        raise ProblemError(413, "body_too_large", f"The form is larger than {limit // 1024} KB.")
    sent = await request.form()
    fields: dict[str, list[str]] = {}
    files: dict[str, list[UploadFile]] = {}
    for name, value in sent.multi_items():
        if isinstance(value, UploadFile):
            files.setdefault(name, []).append(value)
        else:
            fields.setdefault(name, []).append(str(value).replace("\x00", "").strip())
    form = Form(fields, files)
    if token is not None:
        csrf.check_token(form.text(csrf.FIELD), token)
    return form


def read_money(text: str, currency: str, reader: Reader) -> Money:
    """Return an amount typed as the reader's language writes it ("12,5", "1.200,00"), exactly.

    Raise Refused malformed_amount for what is no amount of at least zero, or has more decimals than the currency: an
    amount is never rounded silently. Where a language would read one mark as groups and it cannot be ("12.50" in
    German), it is read as decimals; "1.200" in German is one thousand two hundred.
    """
    typed = re.sub(r"[\s\u00a0\u202f'’]", "", text)
    decimal, group = reader.decimal_mark, reader.group_mark
    pattern = rf"[0-9]{{1,3}}(?:{re.escape(group)}[0-9]{{3}})+(?:{re.escape(decimal)}[0-9]*)?"
    if re.fullmatch(pattern, typed):
        typed = typed.replace(group, "")
    whole, mark, decimals = typed.replace(decimal, ".").replace(",", ".").partition(".")
    decimals = decimals.rstrip("0") if len(decimals) > exponent(currency) else decimals
    figures = re.fullmatch(r"[0-9]+", whole + decimals) is not None and whole != ""
    if not figures or (mark and not decimals and exponent(currency) == 0) or len(whole) > _MOST_DIGITS:
        raise Refused(
            "malformed_amount", reader.say("Enter an amount such as %(sample)s", sample=_sample(reader, currency))
        )
    if len(decimals) > exponent(currency):
        raise Refused(
            "malformed_amount", reader.say("This currency has no such small parts. Round the amount yourself.")
        )
    return Money(parse_decimal(f"{whole}.{decimals}" if decimals else whole, currency), currency)


def typed_money(amount: Money, reader: Reader) -> str:
    """Return an amount as it stands in a money field: without groups and currency."""
    digits = exponent(amount.currency)
    text = str(abs(amount.minor)).rjust(digits + 1, "0")
    return f"{text[:-digits]}{reader.decimal_mark}{text[-digits:]}" if digits else text


def _sample(reader: Reader, currency: str) -> str:
    return typed_money(Money(1250, currency), reader)
