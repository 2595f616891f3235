"""What a simulation found, in words and figures: the summary, what changes where, and the returns that go otherwise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from retour.core.money import Money
from retour.core.simulation import Affected, Books, Change, Fate, Figures, GroupRow
from retour.core.simulation.result import REST, AffectedLine, LineSide, Why
from retour.doors.dashboard.policy.outcome_forms import GROUPS, METHODS, RESOLUTIONS
from retour.doors.dashboard.policy.sentences import Teller
from retour.doors.dashboard.policy.values import country_name
from retour.doors.dashboard.words import REASONS
from retour.store.simulation import SimulationRow
from retour.web.reader import Reader

MOST_BARS: Final = 8


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


BY: Final[Mapping[str, str]] = {
    "rule": _("By rule"), "reason": _("By reason"), "product": _("By product"), "country": _("By country"),
}  # fmt: skip
CHANGES: Final[Mapping[str, str]] = {
    "refused": _("Refused now"),
    "allowed": _("Allowed now"),
    "to_review": _("A person decides now"),
    "to_automatic": _("Approved at once now"),
    "pays_more": _("The shopper gets more"),
    "pays_less": _("The shopper gets less"),
    "resolution": _("Another resolution"),
    "method": _("Another way back"),
    "settle_on": _("Paid at another moment"),
    "requirements": _("Other photos or answers"),
}
FATES: Final[Mapping[Fate, str]] = {
    Fate.AUTOMATIC: _("approved at once"),
    Fate.REVIEW: _("a person decides"),
    Fate.REFUSED: _("refused"),
    Fate.REJECTED: _("rejected by a person"),
    Fate.CLOSED: _("closed by the shopper"),
}
STATES: Final[Mapping[str, str]] = {
    "queued": _("Waits to begin"),
    "running": _("Running"),
    "done": _("Done"),
    "failed": _("Stopped by an error"),
    "cancelled": _("Called off"),
}
# What the headline compares: label, figure, whether it is money.
_HEADLINE: Final = (
    (_("Items that may come back"), "accepted", False),
    (_("Items refused"), "refused", False),
    (_("Items a person decides"), "review", False),
    (_("Refunded"), "refund_minor", True),
    (_("Given as credit"), "credit_minor", True),
    (_("Exchanged"), "exchange_minor", True),
    (_("Bonus"), "bonus_minor", True),
    (_("Fees kept"), "fee_minor", True),
    (_("Deducted at inspection"), "deduction_minor", True),
    (_("Stays with the shop"), "retained_minor", True),
    (_("Labels"), "labels", False),
)
_COMMON: Final = frozenset({"accepted", "refused", "review", "refund_minor", "fee_minor", "retained_minor", "labels"})


@dataclass(frozen=True, slots=True)
class Run:
    """A simulation in a list: its days, its state in words, and how far it is."""

    id: str
    days: str
    state: str
    is_over: bool
    done: int
    total: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Both:
    """One figure before and after, in words, and how it changes."""

    label: str
    before: str
    after: str
    change: str


@dataclass(frozen=True, slots=True)
class Row:
    """One rule, reason, product or country before and after."""

    label: str
    note: str
    changed: str
    lines: tuple[str, str]
    refused: tuple[str, str]
    refund: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Moved:
    """One return that goes otherwise, as the list shows it."""

    reference: str
    url: str | None
    order: str
    day: str
    changes: str
    before: str
    after: str
    money: tuple[str, str]
    lines: tuple[tuple[str, tuple[str, ...]], ...]


def change_of(name: str | None) -> Change | None:
    """Return a kind of change by its name."""
    return Change(name) if name else None


def told_run(row: SimulationRow, reader: Reader) -> Run:
    """Return a simulation for a list."""
    days = reader.say("%(first)s to %(last)s", first=reader.day(row.from_on), last=reader.day(row.until_on))
    text = reader.say(STATES.get(row.state, row.state))
    if row.state == "running" and row.total:
        text = reader.say("%(done)s of %(total)s", done=reader.number(row.done), total=reader.number(row.total))
    return Run(str(row.id), days, row.state, row.is_over, row.done, row.total, text)


@dataclass(frozen=True, slots=True)
class Telling:
    """Tells the result of one simulation."""

    teller: Teller
    row: SimulationRow

    @property
    def reader(self) -> Reader:
        """Return who reads."""
        return self.teller.reader

    def summary(self) -> str:
        """Return what came out in one sentence, "" while it runs."""
        result = self.row.result
        if result is None:
            return ""
        reader, read = self.reader, result.read
        if not read:
            return reader.say("There is nothing in these days that could be decided again.")
        if not result.affected:
            return reader.say_plural("%(n)s return, decided the same.", "%(n)s returns, all decided the same.", read)
        all_ = reader.say_plural("%(n)s return", "%(n)s returns", read)
        return reader.say_plural(
            "%(all)s: %(same)s go the same way, %(n)s goes otherwise.",
            "%(all)s: %(same)s go the same way, %(n)s go otherwise.",
            result.affected, all=all_, same=reader.number(read - result.affected),
        )  # fmt: skip

    @property
    def books(self) -> Sequence[Books]:
        """Return the figures by currency."""
        return self.row.result.books if self.row.result else ()

    def headline(self) -> list[tuple[str, list[Both]]]:
        """Return (currency, figures before and after) for each currency; figures that are always zero are left out."""
        return [(books.currency, self._both(books)) for books in self.books]

    def _both(self, books: Books) -> list[Both]:
        found = []
        for label, name, is_money in _HEADLINE:
            before, after = _figure(books.before.figures, name), _figure(books.after.figures, name)
            if before or after or name in _COMMON:
                texts = [self._text(value, books.currency if is_money else None) for value in (before, after)]
                change = self._change(after - before, books.currency if is_money else None)
                found.append(Both(self.reader.say(label), texts[0], texts[1], change))
        return found

    def _text(self, value: int, currency: str | None) -> str:
        return self.reader.amount(Money(value, currency)) if currency else self.reader.number(value)

    def _change(self, value: int, currency: str | None) -> str:
        if not value:
            return "–"
        text = self._text(value, currency)
        return f"+{text}" if value > 0 else text

    def groups(self, by: str) -> list[tuple[str, list[Row]]]:
        """Return (currency, rows) of one way to group, those that change first."""
        return [
            (books.currency, [self._row(row, books.currency, by) for row in _rows(books, by)]) for books in self.books
        ]

    def _row(self, row: GroupRow, currency: str, by: str) -> Row:
        refused = (self.reader.number(row.before.refused), self.reader.number(row.after.refused))
        refund = tuple(self.reader.amount(Money(one.refund_minor, currency)) for one in (row.before, row.after))
        note = self.reader.say(GROUPS[row.group]) if row.group is not None and row.group in GROUPS else ""
        lines = (self.reader.number(row.before.lines), self.reader.number(row.after.lines))
        return Row(self.label(row, by), note, self.reader.number(row.changed), lines, refused, (refund[0], refund[1]))

    def label(self, row: GroupRow, by: str) -> str:
        """Return what a row of a group is called."""
        say = self.reader.say
        if row.key == REST:
            return say("All others")
        if not row.key:
            return say("not known")
        if by == "rule":
            fixed = {"default": say("Otherwise"), "statute": say("The law")}
            return fixed.get(row.key) or row.label or row.key
        if by == "reason" and row.key in REASONS:
            return say(REASONS[row.key])
        return country_name(row.key, self.reader) if by == "country" else row.label or row.key

    def chart(self, by: str) -> Mapping[str, Any] | None:
        """Return what changes most, before and now, for a chart: items by rule, else refunds; nothing where none does."""
        books = next(iter(self.books), None)
        if books is None:
            return None
        name, currency = ("lines", None) if by == "rule" else ("refund_minor", books.currency)
        bars: list[tuple[object, ...]] = []
        for row in _rows(books, by):
            both = (_figure(row.before, name), _figure(row.after, name))
            if any(both) and len(bars) < MOST_BARS:
                bars.append((self._named(row, by), *both, *(self._text(value, currency) for value in both)))
        if not bars:
            return None
        before, after = (self._text(side.figures.refund_minor, books.currency) for side in (books.before, books.after))
        point = self.reader.say("Refunds: %(before)s before, %(after)s now.", before=before, after=after)
        title = (
            self.reader.say("Items decided by the rule")
            if by == "rule"
            else self.reader.say("Refunds before and after")
        )
        return {"bars": bars, "title": title, "point": point}

    def _named(self, row: GroupRow, by: str) -> str:
        label = self.label(row, by)
        if row.group is None or row.group not in GROUPS:
            return label
        return f"{label} · {self.reader.say(GROUPS[row.group])}"

    def tabs(self, by: str, change: str | None) -> list[tuple[str, str, None, bool]]:
        """Return the ways to group as tabs."""
        keep = f"&change={change}" if change else ""
        return [(self.reader.say(text), f"?by={name}{keep}#where", None, name == by) for name, text in BY.items()]

    def kinds(self, by: str, change: str | None) -> list[tuple[str, str, int, bool]]:
        """Return the kinds of change as tabs with their counts."""
        result = self.row.result
        if result is None:
            return []
        found = [(self.reader.say("All"), f"?by={by}#affected", result.affected, change is None)]
        for name, text in CHANGES.items():
            if result.changes.get(name):
                url = f"?by={by}&change={name}#affected"
                found.append((self.reader.say(text), url, result.changes[name], name == change))
        return found

    def affected(self, one: Affected) -> Moved:
        """Return one return that goes otherwise."""
        reader = self.reader
        money = [reader.amount(Money(side.given_minor, one.currency)) for side in (one.before, one.after)]
        return Moved(
            reference=one.reference,
            url=f"/dashboard/returns/{one.reference}" if one.rma_id else None,
            order=one.order_name,
            day=reader.day(one.requested_on),
            changes=", ".join(reader.say(CHANGES[change.value]) for change in one.changes),
            before=reader.say(FATES[one.fate_before]),
            after=reader.say(FATES[one.fate_after]),
            money=(money[0], money[1]),
            lines=tuple(
                (line.title, tuple(self._why(line))) for line in one.lines if line.why or line.before != line.after
            ),
        )

    def _why(self, line: AffectedLine) -> list[str]:
        say = self.reader.say
        told = [say("Before: %(what)s. Now: %(then)s.", what=self._side(line.before), then=self._side(line.after))]
        for why in line.why:
            told.append(f"{say(GROUPS.get(why.group, why.group))}: {self._ruled(why)}")
        return told

    def _side(self, side: LineSide) -> str:
        words = [self.reader.say(FATES[side.fate])]
        for value, known in ((side.resolution, dict(RESOLUTIONS)), (side.method, dict(METHODS))):
            if value in known and side.fate in (Fate.AUTOMATIC, Fate.REVIEW):
                words.append(self.reader.say(known[value]))
        return ", ".join(words)

    def _ruled(self, why: Why) -> str:
        names = self.row.result.rules if self.row.result else {}
        fixed = {"default": self.reader.say("Otherwise"), "statute": self.reader.say("The law")}
        rule = fixed.get(why.rule_after) or names.get(why.rule_after, why.rule_after)
        sentences = " ".join(self.teller.outcome(why.group, why.after))
        return self.reader.say("“%(rule)s” decides. %(what)s", rule=rule, what=sentences)


def _rows(books: Books, by: str) -> list[GroupRow]:
    """Return the rows of a group, those that change most first; of the rules those that decide more or fewer items."""
    rows = [row for row in books.by.get(by, ()) if by != "rule" or row.before.lines != row.after.lines]
    return sorted(rows, key=lambda row: (row.key == REST, -row.changed))


def _figure(figures: Figures, name: str) -> int:
    if name == "accepted":
        return figures.automatic + figures.review
    found: int = getattr(figures, name)
    return found
