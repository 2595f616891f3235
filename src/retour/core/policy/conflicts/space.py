"""The orders that a policy can tell apart: per fact, one value for each way in which its comparisons can answer.

Two values of a fact that no comparison of the document tells apart are the same cell. A list of texts is a question per
group of texts that are always named together. What of an expression no comparison can say is a question of its own, with
any answer possible, and so is every fact for itself: what is impossible or decided here is so for every order, however
the facts hang together.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, cast

from retour.core.policy.condition import comparison
from retour.core.policy.conflicts.cubes import Layout
from retour.core.policy.conflicts.terms import opened
from retour.core.policy.document import (
    ELSEWHERE,
    AllOf,
    Compare,
    Condition,
    Expression,
    FactValue,
    Not,
    Op,
    PolicyDocument,
)
from retour.core.policy.facts import FACTS, FactType, Unit
from retour.core.policy.zone import ZONE, zones_by_country

COUNTRY: Final = "order.country"
_YES, _NO = 1, 2

Values = Mapping[str, FactValue]
Cells = Mapping[int, int]  # of a question, as bits


@dataclass(frozen=True, slots=True)
class Literal:
    """What one comparison or expression comes to: the cubes where it is true, and those where it is false."""

    true: Sequence[Cells]
    false: Sequence[Cells]


@dataclass(slots=True)
class Space:
    """The questions of a document with their cells, and what each of its comparisons says about them.

    `cells` holds per question what an order is like in each cell: values of facts, or texts that a list holds.
    """

    zones: Mapping[str, str] = field(default_factory=dict)  # by country
    layout: Layout = field(default_factory=Layout)
    cells: list[Sequence[Values]] = field(default_factory=list)
    lists: dict[int, tuple[str, tuple[str, ...]]] = field(default_factory=dict)  # question -> fact, texts it would hold
    literals: dict[Compare | Expression, Literal] = field(default_factory=dict)
    opened: dict[Expression, Condition] = field(default_factory=dict)  # expressions as far as comparisons say the same

    def cubes(self, condition: Condition, *, answer: bool = True) -> list[int]:
        """Return where a condition is true, or where it is false; raise Beyond if that is too much to say."""
        if isinstance(condition, Expression) and condition in self.opened:
            return self.cubes(self.opened[condition], answer=answer)
        if isinstance(condition, Compare | Expression):
            literal = self.literals[condition]
            return [self.layout.cube(cells) for cells in (literal.true if answer else literal.false)]
        if isinstance(condition, Not):
            return self.cubes(condition.part, answer=not answer)
        unions = [self.cubes(part, answer=answer) for part in condition.parts]
        if isinstance(condition, AllOf) is answer:
            return self.layout.joined(self.layout.product(unions))
        return self.layout.joined(cube for union in unions for cube in union)

    def point(self, cube: int) -> dict[str, FactValue]:
        """Return values of facts that lie in a cube: the plainest of each cell, and nothing where anything will do."""
        values: dict[str, FactValue] = {}
        held: dict[str, list[str]] = {}
        for question, allowed in self.layout.cells(cube):
            if question in self.lists:
                fact, texts = self.lists[question]
                held.setdefault(fact, []).extend(texts if allowed == _YES else ())
            else:
                values |= self.cells[question][(allowed & -allowed).bit_length() - 1]
        for fact, listed in held.items():
            if values.get(fact, ()) is not None:
                values[fact] = tuple(listed)
        return values

    def zone(self, country: FactValue) -> str | None:
        """Return what deciding will take for the zone of an order from that country."""
        return self.zones.get(country.upper(), ELSEWHERE) if self.zones and isinstance(country, str) else None

    def add(self, cells: Sequence[Values]) -> int:
        """Add a question and return its number."""
        self.cells.append(cells)
        return self.layout.add(len(cells))


def space_of(document: PolicyDocument, extra: Iterable[Compare] = ()) -> Space:
    """Return the orders that the enabled rules of a document, and some comparisons more, can tell apart."""
    space = Space(zones_by_country(document))
    leaves: dict[Compare | Expression, None] = dict.fromkeys(extra)
    for leaf in (leaf for rule in document.rules if rule.enabled for leaf in leaves_of(rule.when)):
        if isinstance(leaf, Expression):
            space.opened[leaf] = opened(leaf)
            leaves |= dict.fromkeys(leaves_of(space.opened[leaf]))
        else:
            leaves[leaf] = None
    of_fact: dict[str, list[Compare]] = {}
    for leaf in leaves:
        if isinstance(leaf, Expression):
            question = space.add(({}, {}, {}))
            space.literals[leaf] = Literal([{question: _YES}], [{question: _NO}])
        else:
            of_fact.setdefault(COUNTRY if leaf.fact == ZONE else leaf.fact, []).append(leaf)
    for fact, asked in of_fact.items():
        if FACTS[fact].type is FactType.TEXTS:
            _add_list(space, fact, asked)
        else:
            _add_value(space, fact, asked)
    return space


def leaves_of(condition: Condition) -> Iterator[Compare | Expression]:
    """Return the comparisons and expressions of a condition in the order they appear."""
    if isinstance(condition, Compare | Expression):
        yield condition
        return
    for part in (condition.part,) if isinstance(condition, Not) else condition.parts:
        yield from leaves_of(part)


def _add_value(space: Space, fact: str, asked: Sequence[Compare]) -> None:
    """Add the question of a fact with one value; each cell is the first of the values that get the same answers."""
    tests = [comparison(leaf) for leaf in asked]
    cells: dict[tuple[bool | None, ...], Values] = {}
    for value in _candidates(space, fact, asked):
        values = {fact: value, ZONE: space.zone(value)} if fact == COUNTRY else {fact: value}
        cells.setdefault(tuple(test(values) for test in tests), values)
    question = space.add(tuple(cells.values()))
    for at, leaf in enumerate(asked):
        true = sum(1 << n for n, answers in enumerate(cells) if answers[at] is True)
        false = sum(1 << n for n, answers in enumerate(cells) if answers[at] is False)
        space.literals[leaf] = Literal([{question: true}] if true else [], [{question: false}] if false else [])


def _candidates(space: Space, fact: str, asked: Sequence[Compare]) -> list[FactValue]:
    """Return values of which every possible one gets the same answers as some; not known comes last."""
    kind, choices = FACTS[fact].type, FACTS[fact].choices
    if choices:
        return [*choices, None]
    if kind is FactType.FLAG:
        return [True, False, None]
    wanted = [leaf.value for leaf in asked if leaf.op is not Op.KNOWN]
    if kind is FactType.TEXT:
        return [*_texts(space, fact, asked), None]
    if kind is FactType.DATE:
        days = {cast("date", day).toordinal() + by for day in wanted for by in (-1, 0, 1)} or {_SOME_DAY}
        return [*(date.fromordinal(day) for day in sorted(days) if 1 <= day <= _LAST_DAY), None]
    least = 0 if FACTS[fact].unit in _NEVER_NEGATIVE else None
    numbers = {0, 1} | {cast("int", number) + by for number in wanted for by in (-1, 0, 1)}
    return [*sorted((n for n in numbers if least is None or n >= least), key=lambda n: (n < 0, n)), None]


_SOME_DAY: Final = date(2026, 1, 15).toordinal()
_LAST_DAY: Final = date.max.toordinal()
_NEVER_NEGATIVE: Final = frozenset({Unit.UNITS, Unit.GRAMS})


def _texts(space: Space, fact: str, asked: Sequence[Compare]) -> list[str]:
    """Return texts for all there are: those that are named, one more for every prefix, and one that nobody named.

    Of the texts that the same comparisons name and the same prefixes begin, one stands for all.
    """
    own = [leaf for leaf in asked if leaf.fact == fact]
    prefixes = sorted({cast("str", leaf.value).casefold() for leaf in own if leaf.op is Op.STARTS_WITH})
    naming: dict[str, int] = {}
    spelled: dict[str, str] = {}
    for at, leaf in enumerate(own):
        for text in _named(leaf):
            naming[text.casefold()] = naming.get(text.casefold(), 0) | 1 << at
            spelled.setdefault(text.casefold(), text)
    if fact == COUNTRY:
        zones = list(dict.fromkeys(space.zones.values()))
        for code, zone in space.zones.items():
            naming[code.casefold()] = naming.get(code.casefold(), 0) | 1 << len(own) + zones.index(zone)
            spelled.setdefault(code.casefold(), code)
    kept: dict[tuple[int, tuple[bool, ...]], str] = {}
    for folded, bits in naming.items():
        kept.setdefault((bits, tuple(folded.startswith(prefix) for prefix in prefixes)), spelled[folded])
    fresh = [_fresh(prefix, prefixes, naming, _PLAIN.get(fact, ())) for prefix in ("", *prefixes)]
    return [*kept.values(), *fresh]


def _named(leaf: Compare) -> tuple[str, ...]:
    """Return the texts that a comparison names."""
    if leaf.op in (Op.KNOWN, Op.STARTS_WITH):
        return ()
    return leaf.value if isinstance(leaf.value, tuple) else (cast("str", leaf.value),)


_PLAIN: Final[Mapping[str, tuple[str, ...]]] = {
    COUNTRY: ("DE", "FR", "GB", "US", "JP", "NO", "AU", "BR"),
    "order.currency": ("EUR", "USD", "GBP", "JPY", "NOK"),
}  # what somebody else's order is like
_LETTERS: Final = ("other", *"abcdefghijklmnopqrstuvwxyz0123456789", *map(chr, range(0x4E00, 0x9FFF)))


def _fresh(prefix: str, prefixes: Sequence[str], naming: Mapping[str, int], plain: Sequence[str]) -> str:
    """Return a text that begins with a prefix, with none of the longer ones, and is not named."""
    longer = [other for other in prefixes if other != prefix and other.startswith(prefix)]

    def is_free(text: str) -> bool:
        return text not in naming and not any(text.startswith(other) or other.startswith(text) for other in longer)

    found = next((text for text in plain if not prefix and is_free(text.casefold())), None)
    if found is None:
        found = next(
            prefix + letter for letter in _LETTERS if not any(o.startswith(prefix + letter[0]) for o in longer)
        )
        while found in naming:
            found += found[-1]
    return found


def _add_list(space: Space, fact: str, asked: Sequence[Compare]) -> None:
    """Add the questions of a fact that is a list: whether it is known, and which of the texts named it holds."""
    known = space.add(({fact: ()}, {fact: None}))
    wanted = {
        leaf: frozenset(text.casefold() for text in leaf.value) for leaf in asked if isinstance(leaf.value, tuple)
    }
    spelled = {text.casefold(): text for leaf in wanted for text in cast("tuple[str, ...]", leaf.value)}
    together: dict[object, list[str]] = {}
    for folded in spelled:
        naming = tuple(leaf for leaf, texts in wanted.items() if folded in texts)
        is_mixed = len({leaf.op is Op.HAS_ALL for leaf in naming}) > 1
        together.setdefault((naming, folded if is_mixed else ""), []).append(folded)
    questions: dict[str, int] = {}
    for texts in together.values():
        question = space.add(({}, {}))
        all_count = any(leaf.op is Op.HAS_ALL and texts[0] in wanted[leaf] for leaf in wanted)
        space.lists[question] = (fact, tuple(spelled[text] for text in (texts if all_count else texts[:1])))
        questions |= dict.fromkeys(texts, question)
    for leaf in asked:
        if leaf.op is Op.KNOWN:
            yes, no = [{known: _YES}], [{known: _NO}]
            space.literals[leaf] = Literal(yes, no) if leaf.value else Literal(no, yes)
            continue
        named = sorted({questions[text] for text in wanted[leaf]})
        space.literals[leaf] = _list_literal(leaf.op, known, named)


def _list_literal(op: Op, known: int, named: Sequence[int]) -> Literal:
    """Return what a comparison of a list says; it says nothing while the list is not known."""
    each_yes: list[Cells] = [{known: _YES, question: _YES} for question in named]
    each_no: list[Cells] = [{known: _YES, question: _NO} for question in named]
    if op is Op.HAS_ALL:
        return Literal([{known: _YES} | dict.fromkeys(named, _YES)], each_no)
    none: list[Cells] = [{known: _YES} | dict.fromkeys(named, _NO)]
    return Literal(each_yes, none) if op is Op.HAS_ANY else Literal(none, each_yes)
