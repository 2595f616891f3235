"""A plain evaluator of terms that counts its steps, and generated expressions."""

from collections.abc import Mapping
from datetime import date
from random import Random
from typing import Any

from retour.core.policy.document import FactValue
from retour.core.policy.expression import Answer, Test
from retour.core.policy.facts import FACTS, FactType
from retour.core.policy.grammar import Listed, Literal, Named, Term

LARGEST_INT = 2**63 - 1
OF_TYPE = {
    kind: sorted(
        name for name, fact in FACTS.items() if fact.type is kind and not fact.choices and name != "order.zone"
    )
    for kind in FactType
}
TEXTS = ("red", "Red", "straße", "a", 'quo"te', "it's", "back\\slash", "", "2026-03-05", "返品")


class Unknown(Exception):  # noqa: N818 - an answer of the plain evaluator
    """What a term that has no value raises."""


class Plain:
    """Evaluates terms one by one, in the words of the specification."""

    def __init__(self) -> None:
        self.steps = 0

    def test(self, term: Term) -> Test:
        """Return the term as a function; this one is used in place of the real port."""

        def test(facts: Mapping[str, FactValue]) -> Answer:
            try:
                answer = self.value(term, facts)
            except Unknown:
                return None
            return answer if isinstance(answer, bool) else None

        return test

    def value(self, term: Term, facts: Mapping[str, FactValue]) -> Any:
        """Return the value of a term; raise Unknown if it has none."""
        self.steps += 1
        if isinstance(term, Literal):
            return term.value
        if isinstance(term, Listed):
            return [item.value for item in term.items]
        if isinstance(term, Named):
            value = facts.get(term.fact)
            if value is None:
                raise Unknown
            return value.isoformat() if isinstance(value, date) else value
        if term.name == "has":
            (named,) = term.parts
            assert isinstance(named, Named)
            return facts.get(named.fact) is not None
        if term.name in ("&&", "||"):
            return self._joined(term.name, [self._answer(part, facts) for part in term.parts])
        if term.name == "?:":
            return self.value(term.parts[1] if self.value(term.parts[0], facts) else term.parts[2], facts)
        return _applied(term.name, [self.value(part, facts) for part in term.parts])

    def _answer(self, term: Term, facts: Mapping[str, FactValue]) -> Answer:
        try:
            return bool(self.value(term, facts))
        except Unknown:
            return None

    def _joined(self, name: str, answers: list[Answer]) -> bool:
        strong = name == "||"
        if strong in answers:
            return strong
        if None in answers:
            raise Unknown
        return not strong


def _applied(name: str, values: list[Any]) -> Any:
    if len(values) == 1:
        one = values[0]
        return _whole(-one) if name == "-" else not one if name == "!" else len(one)
    left, right = values
    if name in "+-*":
        return _whole({"+": left + right, "-": left - right, "*": left * right}[name] if name else 0)
    if name in "/%":
        if right == 0:
            raise Unknown
        quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
        return _whole(quotient if name == "/" else left - right * quotient)
    if name in ("startsWith", "endsWith", "contains"):
        return {"startsWith": str.startswith, "endsWith": str.endswith, "contains": str.__contains__}[name](left, right)
    if name in ("==", "!="):
        return (left == right) is (name == "==")
    if name == "in":
        return left in right
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[name]


def _whole(number: int) -> int:
    if not -LARGEST_INT - 1 <= number <= LARGEST_INT:
        raise Unknown
    return number


def grown_expression(chance: Random, depth: int = 4) -> str:
    """Return an expression that asks a question."""
    return _flag(chance, depth)


def _flag(chance: Random, depth: int) -> str:
    if depth <= 0:
        return chance.choice((f"has({_fact(chance, FactType.FLAG)})", "true", "false", _fact(chance, FactType.FLAG)))
    kind = chance.choice(("&&", "||", "!", "order", "order", "equal", "in", "method", "choice", "day", "tags"))
    less = depth - 1
    if kind in ("&&", "||"):
        return f"({_flag(chance, less)} {kind} {_flag(chance, less)})"
    if kind == "!":
        return f"!({_flag(chance, less)})"
    if kind == "order":
        return f"{_number(chance, less)} {chance.choice(('<', '<=', '>', '>=', '==', '!='))} {_number(chance, less)}"
    if kind == "equal":
        return f"{_text(chance)} {chance.choice(('==', '!='))} {_text(chance)}"
    if kind == "in":
        return f"{_fact(chance, FactType.TEXT)} in [{', '.join(_quoted(chance) for _ in range(chance.randint(1, 3)))}]"
    if kind == "method":
        return f"{_text(chance)}.{chance.choice(('startsWith', 'endsWith', 'contains'))}({_text(chance)})"
    if kind == "choice":
        return f"({_flag(chance, less)} ? {_flag(chance, less)} : {_flag(chance, less)})"
    if kind == "day":
        return f"{_fact(chance, FactType.DATE)} {chance.choice(('<', '>=', '=='))} '2025-0{chance.randint(1, 9)}-11'"
    return f"{_text(chance)} in {_fact(chance, FactType.TEXTS)}"


def _number(chance: Random, depth: int) -> str:
    if depth <= 0 or chance.random() < 0.4:
        money = chance.choice((FactType.MONEY, FactType.NUMBER))
        return chance.choice((str(chance.randrange(50)), "1000000000000000", _fact(chance, money)))
    less = depth - 1
    kind = chance.choice(("+", "-", "*", "/", "%", "sign", "size", "choice"))
    if kind == "sign":
        return f"-{_number(chance, 0)}"
    if kind == "size":
        return f"size({_fact(chance, FactType.TEXTS)})"
    if kind == "choice":
        return f"({_flag(chance, less)} ? {_number(chance, less)} : {_number(chance, less)})"
    return f"({_number(chance, less)} {kind} {_number(chance, less)})"


def _text(chance: Random) -> str:
    return _fact(chance, FactType.TEXT) if chance.random() < 0.6 else _quoted(chance)


def _fact(chance: Random, kind: FactType) -> str:
    return chance.choice(OF_TYPE[kind])


def _quoted(chance: Random) -> str:
    mark = chance.choice(("'", '"'))
    text = chance.choice(TEXTS).replace("\\", "\\\\").replace(mark, "\\" + mark)
    return mark + text + mark
