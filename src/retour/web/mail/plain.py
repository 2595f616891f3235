"""The plain reading of a mail: written to be read, amounts under each other, nothing of the HTML."""

import textwrap
from typing import Final

from retour.core.letter import one_line
from retour.web.mail.told import Told
from retour.web.parts import MoneyRow
from retour.web.reader import Reader

WIDTH: Final = 72
_LABEL: Final = 50
_AMOUNT: Final = 18


def plain(told: Told, reader: Reader, *, name: str) -> str:
    """Return a mail as text, signed by the store."""
    blocks = [told.title, *told.paragraphs]
    if told.code:
        blocks.append(f"    {told.code}")
    if told.button:
        blocks.append(f"{told.button.words}:\n{told.button.url}")
    for section in told.sections:
        blocks.append(
            _under(section.heading, *section.paragraphs, *(_item(i.name, i.notes + i.says) for i in section.items))
        )
    if told.money:
        sums = "\n".join(_row(row, reader) for row in told.money if row.kind != "to")
        legs = "\n".join(_row(row, reader) for row in told.money if row.kind == "to")
        blocks += [_under(told.money_heading, sums), *([legs] if legs else [])]
        blocks += [told.money_note] if told.money_note else []
    blocks += told.closing
    return "\n\n".join(_wrapped(block) for block in blocks) + f"\n\n-- \n{one_line(name)}\n"


def _under(heading: str, *blocks: str) -> str:
    return "\n".join([heading, "-" * min(len(heading), WIDTH), *blocks])


def _item(name: str, notes: tuple[str, ...]) -> str:
    return "\n".join([f"* {name}", *(f"  {note}" for note in notes)])


def _row(row: MoneyRow, reader: Reader) -> str:
    amount = reader.amount(row.amount) if row.amount is not None else ""
    label = str(row.label)
    first = f"{label} {'.' * max(_LABEL - len(label), 2)} {amount:>{_AMOUNT}}" if amount else label
    lines = [first, *(f"  {note}" for note in row.notes)]
    if row.kind == "paid":
        closed = " " * (_LABEL + _AMOUNT + 2 - len(amount)) + "=" * len(amount)
        lines = ["-" * (_LABEL + _AMOUNT + 2), first, closed, *(f"  {note}" for note in row.notes)]
    if row.kind == "sum":
        lines = ["-" * (_LABEL + _AMOUNT + 2), *lines]
    return "\n".join(lines)


def _wrapped(block: str) -> str:
    """Return a block with its long sentences broken; addresses and rows of amounts stay in one piece."""
    lines: list[str] = []
    for line in block.splitlines():
        if len(line) <= WIDTH or "://" in line:
            lines.append(line)
        else:
            indent = " " * (len(line) - len(line.lstrip(" *")))
            lines += textwrap.wrap(
                line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
            )
    return "\n".join(lines)
