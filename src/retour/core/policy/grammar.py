"""The grammar of expressions: the part of the Common Expression Language that has no loops and no patterns.

Numbers are whole, texts stand in single or double quotes on one line, facts are named as in the catalogue. Every term is
evaluated at most once, so the number of terms bounds the steps of an evaluation.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from retour.core.errors import Refused

MAX_TERMS: Final = 60  # facts, values and operations of one expression
MAX_NESTING: Final = 10  # parentheses, lists, signs and choices inside each other
LARGEST: Final = 10**15  # of the numbers in conditions

# From what binds loosest to what binds tightest.
LEVELS: Final = (("||",), ("&&",), ("==", "!=", "<", "<=", ">", ">=", "in"), ("+", "-"), ("*", "/", "%"))
METHODS: Final = frozenset({"startsWith", "endsWith", "contains"})
_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<number>\d+)|(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<word>[A-Za-z_][A-Za-z0-9_]*)"""
    r"""|(?P<sign>&&|\|\||[=!<>]=|[-+*/%!<>?:()\[\],.]))"""
)
_ESCAPE: Final = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that is written out."""

    value: str | int | bool


@dataclass(frozen=True, slots=True)
class Named:
    """A fact of the catalogue by its name."""

    fact: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of values that are written out."""

    items: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator, a choice `?:`, `has`, `size` or a method, with what it is applied to."""

    name: str
    parts: tuple["Term", ...]


Term = Literal | Named | Listed | Operation


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


def parse(text: str) -> Term:
    """Return the term that a text describes.

    Raise Refused(malformed_expression, not_allowed, too_deep, too_long, out_of_range), naming the character.
    """
    reader = _Reader(list(_tokens(text)))
    term = reader.choice()
    reader.expect("end", "")
    return term


def names(term: Term) -> tuple[str, ...]:
    """Return the facts that a term asks about, each once, in the order they appear."""
    if isinstance(term, Named):
        return (term.fact,)
    parts = term.parts if isinstance(term, Operation) else ()
    return tuple(dict.fromkeys(name for part in parts for name in names(part)))


def _tokens(text: str) -> Iterator[_Token]:
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None:
            raise _refusal("malformed_expression", at, "is not understood")
        kind = found.lastgroup
        assert kind is not None
        yield _Token(kind, found[kind], found.start(kind))
        at = found.end()
    yield _Token("end", "", end)


class _Reader:
    """Reads tokens from left to right, counting terms and how deep it is."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._terms = 0
        self._depth = 0

    def choice(self) -> Term:
        test = self._level(0)
        if not self._take("?"):
            return test
        self._enter()
        yes = self.choice()
        self.expect("sign", ":")
        no = self.choice()
        self._depth -= 1
        return self._made(Operation("?:", (test, yes, no)))

    def expect(self, kind: str, text: str) -> _Token:
        token = self._next
        if token.kind != kind or (text and token.text != text):
            raise _refusal("malformed_expression", token.at, f"expected {text or _KINDS[kind]}")
        self._at += 1
        return token

    @property
    def _next(self) -> _Token:
        return self._tokens[min(self._at, len(self._tokens) - 1)]

    def _take(self, *texts: str) -> str | None:
        token = self._next
        if token.kind in ("text", "end") or token.text not in texts:
            return None
        self._at += 1
        return token.text

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise _refusal("too_deep", self._next.at, f"must not be nested more than {MAX_NESTING} deep")

    def _made(self, term: Term) -> Term:
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise _refusal("too_long", self._next.at, f"must not have more than {MAX_TERMS} terms")
        return term

    def _level(self, level: int) -> Term:
        if level == len(LEVELS):
            return self._signed()
        left = self._level(level + 1)
        while operator := self._take(*LEVELS[level]):
            left = self._made(Operation(operator, (left, self._level(level + 1))))
        return left

    def _signed(self) -> Term:
        sign = self._take("!", "-")
        if sign is None:
            return self._with_methods()
        self._enter()
        part = self._signed()
        self._depth -= 1
        return self._made(Operation(sign, (part,)))

    def _with_methods(self) -> Term:
        term = self._primary()
        while self._take("."):
            token = self.expect("word", "")
            if token.text not in METHODS:
                raise _refusal("not_allowed", token.at, f"{token.text} is not a method of expressions")
            self.expect("sign", "(")
            term = self._made(Operation(token.text, (term, self._inner(")"))))
        return term

    def _primary(self) -> Term:
        token = self._next
        self._at += 1
        if token.kind in ("number", "text"):
            return self._made(_literal(token))
        if token.kind == "word":
            return self._word(token)
        if token.text == "(":
            return self._inner(")")
        if token.text == "[":
            return self._list()
        raise _refusal("malformed_expression", token.at, "expected a fact or a value")

    def _inner(self, closed_by: str) -> Term:
        self._enter()
        term = self.choice()
        self._depth -= 1
        self.expect("sign", closed_by)
        return term

    def _list(self) -> Term:
        items = [self._item()]
        while self._take(","):
            items.append(self._item())
        self.expect("sign", "]")
        return self._made(Listed(tuple(items)))

    def _item(self) -> Literal:
        negative = self._take("-")
        token = self._next
        if token.kind not in ("number", "text") or (negative and token.kind == "text"):
            raise _refusal("malformed_expression", token.at, "a list holds written values")
        self._at += 1
        literal = _literal(token)
        self._made(literal)
        return Literal(-literal.value) if negative and isinstance(literal.value, int) else literal

    def _word(self, token: _Token) -> Term:
        if token.text in ("true", "false"):
            return self._made(Literal(token.text == "true"))
        if self._take("("):
            return self._call(token)
        self.expect("sign", ".")
        return self._made(Named(f"{token.text}.{self.expect('word', '').text}"))

    def _call(self, token: _Token) -> Term:
        if token.text not in ("has", "size"):
            raise _refusal("not_allowed", token.at, f"{token.text} is not a function of expressions")
        part = self._inner(")")
        if token.text == "has" and not isinstance(part, Named):
            raise _refusal("malformed_expression", token.at, "has asks about one fact")
        return self._made(Operation(token.text, (part,)))


_KINDS: Final = {"end": "the end", "word": "a name"}


def _literal(token: _Token) -> Literal:
    if token.kind == "number":
        if len(token.text) > len(str(LARGEST)) or int(token.text) > LARGEST:
            raise _refusal("out_of_range", token.at, f"must be at most {LARGEST}")
        return Literal(int(token.text))
    inner = token.text[1:-1]
    for escape in _ESCAPE.finditer(inner):
        if escape[1] not in "\\'\"":
            raise _refusal("malformed_expression", token.at, f"{escape[0]} is not understood in a text")
    return Literal(_ESCAPE.sub(r"\1", inner))


def _refusal(code: str, at: int, message: str) -> Refused:
    return Refused(code, f"at character {at + 1}: {message}")
