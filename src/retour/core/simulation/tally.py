"""Adding up: totals, and the rows per rule, reason, product and country; every sum is exact and order makes no difference."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple, cast

from retour.core.money import spread
from retour.core.policy.outcome import Group
from retour.core.simulation.court import Compared
from retour.core.simulation.judging import MOST, Verdict
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
# All sums of a row are one whole number while it grows: a field has LANE bits of it, so that a line is added at once.
_LANE: Final = 96  # no sum of 64-bit amounts comes near its half
_FIELDS: Final = Figures.__slots__
_WIDTH: Final = len(_FIELDS)
_ONE: Final[Mapping[str, int]] = {name: 1 << (_LANE * at) for at, name in enumerate(_FIELDS)}
_LINE_OF: Final[Mapping[Fate, int]] = {fate: _ONE["lines"] + _ONE[fate.value] for fate in Fate}
_UNIT: Final = _ONE["units"]
_VALUE: Final = _ONE["value_minor"]
_MONEY: Final = tuple((_ONE[name], name) for name in Money.__slots__)
_LABEL: Final = _ONE["labels"]
_COLUMN_OF: Final[Mapping[Fate, int]] = {fate: Counts.__slots__.index(fate.value) for fate in Fate}
_GROUPS: Final = tuple(group.value for group in Group)
# What is asked of the facts of a line to add it up and to tell of it.
TOLD: Final = (
    "line.price_paid", "line.reason", "line.sku", "line.title", "order.country", "product.ref", "return.value",
)  # fmt: skip

Rows = dict[str, list[object]]  # key -> [label, sums before, sums after, changed lines]


class _Row:
    """The sums of one row while it grows; `same` is what both sides have in common."""

    __slots__ = ("after", "before", "changed", "label", "same")

    def __init__(self, label: str) -> None:
        self.label = label
        self.before = self.after = self.same = self.changed = 0

    def plain(self) -> list[object]:
        return [self.label, _sums(self.before + self.same), _sums(self.after + self.same), self.changed]


Growing = dict[str, _Row]


class _Shape(NamedTuple):
    """What all returns of one world add: the sums of each line beside units and money, which of them get money, its labels.

    `column` is where the fate of the whole return is counted.
    """

    world: World
    lines: tuple[int, ...]
    accepted: tuple[int, ...]
    labels: int
    column: int


def _shape(world: World) -> _Shape:
    accepted = tuple(at for at, line in enumerate(world.lines) if line.offer is not None)
    lines = tuple(_LINE_OF[line.fate] for line in world.lines)
    return _Shape(world, lines, accepted, world.labels * _LABEL, _COLUMN_OF[world.fate])


class Tally:
    """What a simulation has come to so far; two of them can be merged."""

    def __init__(self, *, most: int = MOST) -> None:
        self._most = most
        self.read = self.affected = self.requoted = self.not_quoted = 0
        self.changes: dict[str, int] = {}
        self._books: dict[str, _Book] = {}
        self._rulings: dict[tuple[int, int, str], tuple[Verdict, Verdict, _Row]] = {}
        self._shapes: dict[int, _Shape] = {}

    def add(self, of: Compared) -> None:
        """Add one return."""
        self.read += 1
        self.affected += bool(of.changes)
        self.requoted += of.requoted
        self.not_quoted += not of.quoted
        for change in of.changes:
            self.changes[change.value] = self.changes.get(change.value, 0) + 1
        case = of.case
        lines = case.past.lines
        values = paid_values(lines)
        was_shape = now_shape = self._shape(case.before)
        before = after = _parts(was_shape, lines, values, of.before)
        if case.after is not case.before:
            now_shape = self._shape(case.after)
            after = _parts(now_shape, lines, values, of.after)
        currency = lines[0].facts["books_currency"]
        book = self._books.get(currency)
        if book is None:
            book = self._books[currency] = _Book()
        book.count(was_shape.column, now_shape.column)
        for line, was, said, alike, b, a in zip(
            lines, case.before.lines, case.said, case.alike, before, after, strict=True
        ):
            changed = int(bool(of.changes) and (not alike or b != a))
            rows = (self._ruling(currency, was.verdict, said), *book.rows(line))
            if after is before:  # most lines: added once, to both sides when all is told
                for row in rows:
                    row.same += b
                    row.changed += changed
            else:
                for row in rows:
                    row.before += b
                    row.after += a
                    row.changed += changed

    def plain(self) -> dict[str, object]:
        """Return everything as plain JSON, to be merged elsewhere."""
        by_rule: dict[str, Growing] = {}
        for (_, _, currency), (b, a, row) in self._rulings.items():
            rows = by_rule.setdefault(currency, {})
            before, after, changed = row.before + row.same, row.after + row.same, row.changed
            for group, rule_before, rule_after in zip(_GROUPS, b.rules, a.rules, strict=True):
                was, now = (_row(rows, f"{group} {rule}", rule) for rule in (rule_before, rule_after))
                was.before += before
                was.changed += changed if rule_before != rule_after else 0
                now.after += after
                now.changed += changed
        return {
            "counts": [self.read, self.affected, self.requoted, self.not_quoted],
            "changes": self.changes,
            "books": {name: book.plain() | {"rule": _plain(by_rule[name])} for name, book in self._books.items()},
        }

    def _shape(self, world: World) -> _Shape:
        """Return the shape of a world; what is remembered keeps it alive."""
        known = self._shapes.get(id(world))
        if known is None:
            if len(self._shapes) >= self._most:
                self._shapes.clear()
            known = self._shapes[id(world)] = _shape(world)
        return known

    def _ruling(self, currency: str, b: Verdict, a: Verdict) -> _Row:
        """Return the row of two verdicts; there are few of them, and their rules are looked at once, at the end."""
        key = (id(b), id(a), currency)
        known = self._rulings.get(key)
        if known is None:
            known = self._rulings[key] = (b, a, _Row(""))
        return known[2]


class _Book:
    """The sums in one currency."""

    def __init__(self) -> None:
        self.before, self.after = [0] * len(Counts.__slots__), [0] * len(Counts.__slots__)
        self.total = _Row("")
        self.by: dict[str, Growing] = {"reason": {}, "product": {}, "country": {}}

    def count(self, before_column: int, after_column: int) -> None:
        self.before[0] += 1
        self.before[before_column] += 1
        self.after[0] += 1
        self.after[after_column] += 1

    def rows(self, line: PastLine) -> tuple[_Row, ...]:
        """Return the rows that a line is added to."""
        values = line.values
        reason, country = values.get("line.reason") or "", values.get("order.country") or ""
        title = values.get("line.title") or ""
        product = values.get("product.ref") or values.get("line.sku") or title
        by = self.by
        return (
            self.total,
            by["reason"].get(reason) or _row(by["reason"], reason, reason),
            by["product"].get(product) or _row(by["product"], product, title or product),
            by["country"].get(country) or _row(by["country"], country, country),
        )

    def plain(self) -> dict[str, object]:
        by = {name: _plain(rows) for name, rows in self.by.items()}
        return {"counts": [self.before, self.after], "total": self.total.plain(), **by}


def paid_values(lines: Sequence[PastLine]) -> list[int]:
    """Return what was paid for the units of each line; they sum to the value of the return, to the minor unit."""
    whole: int = lines[0].values.get("return.value") or 0
    if len(lines) == 1:
        return [whole]
    weights = [(line.values.get("line.price_paid") or 0) * line.quantity for line in lines]
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
        _plus(counts, cast("Sums", part["counts"]))
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


def _parts(shape: _Shape, lines: Sequence[PastLine], values: Sequence[int], money: Money) -> list[int]:
    """Return the sums of each line; the money of the return is shared over its accepted lines by what was paid."""
    parts = [
        of + line.quantity * _UNIT + value * _VALUE for of, line, value in zip(shape.lines, lines, values, strict=True)
    ]
    accepted = shape.accepted
    if not accepted:
        return parts
    parts[accepted[0]] += shape.labels
    for one, name in _MONEY:
        amount: int = getattr(money, name)
        if amount:
            if len(accepted) == 1:
                parts[accepted[0]] += amount * one
            else:
                for at, share in zip(accepted, spread(amount, [values[at] for at in accepted]), strict=True):
                    parts[at] += share * one
    return parts


def _sums(lanes: int) -> Sums:
    """Return the sums that one whole number holds; one below zero has borrowed from the lane above it."""
    sums, half, whole = [], 1 << (_LANE - 1), 1 << _LANE
    for _ in range(_WIDTH):
        low = (lanes + half) % whole - half
        sums.append(low)
        lanes = (lanes - low) >> _LANE
    return sums


def _row(rows: Growing, key: str, label: str) -> _Row:
    known = rows.get(key)
    if known is None:
        known = rows[key] = _Row(label)
    return known


def _plain(rows: Growing) -> Rows:
    return {key: row.plain() for key, row in rows.items()}


def _plus(sums: Sums, more: Iterable[int]) -> None:
    for at, number in enumerate(more):
        sums[at] += number


def _merge(book: dict[str, object], more: Mapping[str, object]) -> None:
    for mine, theirs in zip(cast("list[Sums]", book["counts"]), cast("list[Sums]", more["counts"]), strict=True):
        _plus(mine, theirs)
    _into({"": cast("list[object]", book["total"])}, "", cast("list[object]", more["total"]))
    for name in ("rule", "reason", "product", "country"):
        rows = cast("Rows", book[name])
        for key, row in cast("Rows", more[name]).items():
            _into(rows, key, row)


def _into(rows: Rows, key: str, more: Sequence[object]) -> None:
    """Add a row to that of the same key."""
    row = rows.get(key)
    if row is None:
        row = rows[key] = [more[0], [0] * _WIDTH, [0] * _WIDTH, 0]
    for mine, theirs in ((row[1], more[1]), (row[2], more[2])):
        _plus(cast("Sums", mine), cast("Sums", theirs))
    row[3] = cast("int", row[3]) + cast("int", more[3])


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
    for key, (_, before, after, changed) in rows.items():
        group, _, rule = key.partition(" ")
        one = GroupRow(rule, rules.get(rule, rule), _figures(before), _figures(after), cast("int", changed), group)
        told.append(one)
    return tuple(sorted(told, key=lambda row: (_GROUPS.index(row.group or ""), *_rank(row))))


def _rows(rows: Rows, most: int) -> tuple[GroupRow, ...]:
    """Return the rows with the most changed lines first; beyond so many they become one."""
    told = [
        GroupRow(key, cast("str", label) or UNKNOWN, _figures(before), _figures(after), cast("int", changed))
        for key, (label, before, after, changed) in rows.items()
    ]
    told.sort(key=_rank)
    rest: Rows = {}
    for row in told[most:]:
        _into(rest, REST, rows[row.key])
    some = [GroupRow(REST, REST, _figures(b), _figures(a), cast("int", n)) for _, b, a, n in rest.values()]
    return (*told[:most], *some)


def _rank(row: GroupRow) -> tuple[int, int, str]:
    return -row.changed, -row.after.lines - row.before.lines, row.key


def _figures(sums: object) -> Figures:
    return Figures(*cast("Sums", sums))
