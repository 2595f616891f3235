"""Adding up: totals, and the rows per rule, reason, product and country; every sum is exact and order makes no difference."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, cast

from retour.core.money import spread
from retour.core.policy.outcome import Group
from retour.core.simulation.court import Compared
from retour.core.simulation.judging import Verdict
from retour.core.simulation.past import PastLine
from retour.core.simulation.result import (
    MOST_ROWS,
    REST,
    UNKNOWN,
    Against,
    Books,
    Change,
    Counts,
    Fate,
    Figures,
    GroupRow,
    Mode,
    Money,
    Result,
    Side,
)
from retour.core.simulation.world import World

Sums = list[int]  # one number per field of Figures, in their order
Parts = list[tuple[int, int]]  # the numbers of one line that are not zero, each with the place of its field
_FIELDS: Final = Figures.__slots__
_WIDTH: Final = len(_FIELDS)
_FATE_AT: Final[Mapping[Fate, int]] = {fate: _FIELDS.index(fate.value) for fate in Fate}
_VALUE_AT: Final = _FIELDS.index("value_minor")
_MONEY: Final = tuple((_FIELDS.index(name), name) for name in Money.__slots__)
_LABELS_AT: Final = _FIELDS.index("labels")
_COUNTS: Final = Counts.__slots__
_GROUPS: Final = tuple(group.value for group in Group)
# What is asked of the facts of a line to add it up and to tell of it.
TOLD: Final = (
    "line.price_paid", "line.reason", "line.sku", "line.title", "order.country", "product.ref", "return.value",
)  # fmt: skip

Rows = dict[str, list[object]]  # key -> [label, sums before, sums after, changed lines, sums of what is the same]


class Tally:
    """What a simulation has come to so far; two of them can be merged."""

    def __init__(self) -> None:
        self.read = self.affected = self.requoted = self.not_quoted = 0
        self.changes: dict[str, int] = {}
        self._books: dict[str, _Book] = {}
        self._rulings: dict[tuple[int, int, str], tuple[Verdict, Verdict, Sums, Sums, list[int]]] = {}

    def add(self, of: Compared) -> None:
        """Add one return."""
        self.read += 1
        self.affected += bool(of.changes)
        self.requoted += of.requoted
        self.not_quoted += not of.quoted
        for change in of.changes:
            self.changes[change.value] = self.changes.get(change.value, 0) + 1
        lines = of.case.past.lines
        values = paid_values(lines)
        before = _parts(of.case.before, values, of.before)
        after = before if of.case.after is of.case.before else _parts(of.case.after, values, of.after)
        currency = cast("str", lines[0].facts["books_currency"])
        book = self._books.get(currency)
        if book is None:
            book = self._books[currency] = _Book()
        book.count(of.case.before.fate, of.case.after.fate)
        for at, line in enumerate(lines):
            b, a = of.case.before.lines[at].verdict, of.case.said[at]
            changed = int(bool(of.changes) and (not of.case.alike[at] or before[at] != after[at]))
            book.add(line, before[at], after[at], changed)
            self._add_ruling(currency, b, a, before[at], after[at], changed)

    def plain(self) -> dict[str, object]:
        """Return everything as plain JSON, to be merged elsewhere."""
        by_rule: dict[str, Rows] = {}
        for (_, _, currency), (b, a, before, after, changed) in self._rulings.items():
            rows = by_rule.setdefault(currency, {})
            for group, rule_before, rule_after in zip(_GROUPS, b.rules, a.rules, strict=True):
                moved = changed[0] if rule_before != rule_after else 0
                _into(rows, f"{group} {rule_before}", rule_before, before, None, moved)
                _into(rows, f"{group} {rule_after}", rule_after, None, after, changed[0])
        return {
            "counts": [self.read, self.affected, self.requoted, self.not_quoted],
            "changes": self.changes,
            "books": {name: book.plain() | {"rule": by_rule.get(name, {})} for name, book in self._books.items()},
        }

    def _add_ruling(self, currency: str, b: Verdict, a: Verdict, before: Parts, after: Parts, changed: int) -> None:
        """Add a line under its two verdicts; there are few of them, and their rules are looked at once, at the end."""
        key = (id(b), id(a), currency)
        known = self._rulings.get(key)
        if known is None:
            known = self._rulings[key] = (b, a, [0] * _WIDTH, [0] * _WIDTH, [0])
        _plus(known[2], before)
        _plus(known[3], after)
        known[4][0] += changed


class _Book:
    """The sums in one currency."""

    def __init__(self) -> None:
        self.before, self.after = [0] * len(_COUNTS), [0] * len(_COUNTS)
        self.total = _row({}, "", "")
        self.by: dict[str, Rows] = {"reason": {}, "product": {}, "country": {}}

    def count(self, before: Fate, after: Fate) -> None:
        for counts, fate in ((self.before, before), (self.after, after)):
            counts[0] += 1
            counts[_COUNTS.index(fate.value)] += 1

    def add(self, line: PastLine, before: Parts, after: Parts, changed: int) -> None:
        values = line.values
        reason, country = cast("str", values.get("line.reason") or ""), cast("str", values.get("order.country") or "")
        title = cast("str", values.get("line.title") or "")
        product = cast("str", values.get("product.ref") or values.get("line.sku") or title)
        by = self.by
        rows = (
            self.total,
            by["reason"].get(reason) or _row(by["reason"], reason, reason),
            by["product"].get(product) or _row(by["product"], product, title or product),
            by["country"].get(country) or _row(by["country"], country, country),
        )
        if before is after:  # most lines: added once, to both sides when all is told
            for row in rows:
                _plus(cast("Sums", row[4]), before)
            return
        for row in rows:
            _plus(cast("Sums", row[1]), before)
            _plus(cast("Sums", row[2]), after)
            row[3] = cast("int", row[3]) + changed

    def plain(self) -> dict[str, object]:
        by = {name: {key: _both(row) for key, row in rows.items()} for name, rows in self.by.items()}
        return {"counts": [self.before, self.after], "total": _both(self.total), **by}


def paid_values(lines: Sequence[PastLine]) -> list[int]:
    """Return what was paid for the units of each line; they sum to the value of the return, to the minor unit."""
    whole = cast("int", lines[0].values.get("return.value") or 0)
    if len(lines) == 1:
        return [whole]
    weights = [cast("int", line.values.get("line.price_paid") or 0) * line.quantity for line in lines]
    return spread(whole, weights)


def summed(
    tallies: Iterable[Mapping[str, object]],
    *,
    mode: Mode,
    against: Against,
    listed: int,
    rules: Mapping[str, str],
    most_rows: int = MOST_ROWS,
) -> Result:
    """Return the finished simulation of what `Tally.plain` gave, in as many parts as there are.

    Of reasons, products and countries those with the most changes are `most_rows` rows, the rest is one.
    """
    counts, changes = [0] * 4, dict.fromkeys((change.value for change in Change), 0)
    books: dict[str, dict[str, object]] = {}
    for part in tallies:
        _plus(counts, list(enumerate(cast("Sums", part["counts"]))))
        for name, times in cast("Mapping[str, int]", part["changes"]).items():
            changes[name] += times
        for currency, book in cast("Mapping[str, dict[str, object]]", part["books"]).items():
            if currency in books:
                _merge(books[currency], book)
            else:
                books[currency] = book
    read, affected, requoted, not_quoted = counts
    told = tuple(_told(currency, book, rules, most_rows) for currency, book in sorted(books.items(), key=_size))
    shown = {name: times for name, times in changes.items() if times}
    return Result(mode, against, told, read, affected, listed, requoted, not_quoted, shown, rules)


def _parts(world: World, values: Sequence[int], money: Money) -> list[Parts]:
    """Return the numbers of each line; the money of the return is shared over its accepted lines by what was paid."""
    parts: list[Parts] = [
        [(0, 1), (1, line.past.quantity), (_VALUE_AT, value), (_FATE_AT[line.fate], 1)]
        for line, value in zip(world.lines, values, strict=True)
    ]
    accepted = [at for at, line in enumerate(world.lines) if line.offer is not None]
    if not accepted:
        return parts
    if world.labels:
        parts[accepted[0]].append((_LABELS_AT, world.labels))
    for place, name in _MONEY:
        amount: int = getattr(money, name)
        if amount:
            shares = spread(amount, [values[at] for at in accepted]) if len(accepted) > 1 else [amount]
            for at, share in zip(accepted, shares, strict=True):
                parts[at].append((place, share))
    return parts


def _plus(sums: Sums, parts: Parts) -> None:
    for at, number in parts:
        sums[at] += number


def _row(rows: Rows, key: str, label: str) -> list[object]:
    row = rows[key] = [label, [0] * _WIDTH, [0] * _WIDTH, 0, [0] * _WIDTH]
    return row


def _both(row: list[object]) -> list[object]:
    """Return a row with what was the same before and after on both sides."""
    label, before, after, changed, same = row
    sides = ([a + b for a, b in zip(cast("Sums", side), cast("Sums", same), strict=True)] for side in (before, after))
    return [label, *sides, changed]


def _into(rows: Rows, key: str, label: str, before: Sums | None, after: Sums | None, changed: int) -> None:
    row = rows.get(key) or _row(rows, key, label)
    for sums, more in ((row[1], before), (row[2], after)):
        if more is not None:
            _plus(cast("Sums", sums), list(enumerate(more)))
    row[3] = cast("int", row[3]) + changed


def _merge(book: dict[str, object], more: Mapping[str, object]) -> None:
    for mine, theirs in zip(cast("list[Sums]", book["counts"]), cast("list[Sums]", more["counts"]), strict=True):
        _plus(mine, list(enumerate(theirs)))
    whole = {"": cast("list[object]", book["total"])}
    _into_row(whole, "", cast("list[object]", more["total"]))
    for name in ("rule", "reason", "product", "country"):
        rows = cast("Rows", book[name])
        for key, row in cast("Rows", more[name]).items():
            _into_row(rows, key, row)


def _into_row(rows: Rows, key: str, row: Sequence[object]) -> None:
    _into(rows, key, cast("str", row[0]), cast("Sums", row[1]), cast("Sums", row[2]), cast("int", row[3]))


def _size(named: tuple[str, Mapping[str, object]]) -> tuple[int, str]:
    """Return what puts the currency with the most lines first."""
    return -cast("list[Sums]", named[1]["total"])[1][0], named[0]


def _told(currency: str, book: Mapping[str, object], rules: Mapping[str, str], most_rows: int) -> Books:
    counts, total = cast("list[Sums]", book["counts"]), cast("list[Sums]", book["total"])
    sides = [Side(Counts(*counts[at]), Figures(*total[at + 1])) for at in (0, 1)]
    by = {name: _rows(cast("Rows", book[name]), most_rows) for name in ("reason", "product", "country")}
    return Books(currency, sides[0], sides[1], {"rule": _rule_rows(cast("Rows", book["rule"]), rules), **by})


def _rule_rows(rows: Rows, rules: Mapping[str, str]) -> tuple[GroupRow, ...]:
    told = []
    for key, (_, before, after, changed, *_) in rows.items():
        group, _, rule = key.partition(" ")
        one = GroupRow(rule, rules.get(rule, rule), _figures(before), _figures(after), cast("int", changed), group)
        told.append(one)
    return tuple(sorted(told, key=lambda row: (_GROUPS.index(row.group or ""), *_rank(row))))


def _rows(rows: Rows, most: int) -> tuple[GroupRow, ...]:
    """Return the rows with the most changed lines first; beyond so many they become one."""
    told = [
        GroupRow(key, cast("str", label) or UNKNOWN, _figures(before), _figures(after), cast("int", changed))
        for key, (label, before, after, changed, *_) in rows.items()
    ]
    told.sort(key=_rank)
    rest: Rows = {}
    for row in told[most:]:
        _into_row(rest, REST, rows[row.key])
    some = [GroupRow(REST, REST, _figures(b), _figures(a), cast("int", n)) for _, b, a, n, *_ in rest.values()]
    return (*told[:most], *some)


def _rank(row: GroupRow) -> tuple[int, int, str]:
    return -row.changed, -row.after.lines - row.before.lines, row.key


def _figures(sums: object) -> Figures:
    return Figures(*cast("Sums", sums))
