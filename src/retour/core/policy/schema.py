"""The published JSON Schema (draft 2020-12) of a policy document, made of the same limits and words as the decoder.

It accepts whatever `decode` accepts. What no schema can say `decode` says alone: ids and codes that are named twice,
countries in two zones, an amount without a currency, a zone that does not exist, what an expression may say.
"""

from typing import Final

from retour.core.policy.decoding import CURRENCY, DECLARED, RULE_ID
from retour.core.policy.document import (
    FORMAT,
    MAX_COUNTRIES,
    MAX_EXPRESSION,
    MAX_HOLIDAYS,
    MAX_PARTS,
    MAX_PROMOTIONS,
    MAX_RULES,
    MAX_TEXT,
    MAX_VALUES,
    MAX_ZONES,
    Op,
    Several,
)
from retour.core.policy.document_decoding import COUNTRY, MAX_UNITS
from retour.core.policy.facts import FACTS, Fact, FactType
from retour.core.policy.grammar import LARGEST
from retour.core.policy.outcome_schema import AMOUNT, DAY, FEE, FLAG, GROUPS, Json, array, closed, one_of, text, whole

_LISTED: Final = frozenset({Op.IN, Op.NOT_IN, Op.HAS_ANY, Op.HAS_ALL, Op.HAS_NONE})
_CONDITION: Final[Json] = {"$ref": "#/$defs/condition"}


def schema() -> Json:
    """Return the schema as plain JSON."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:retour:policy:1",
        "title": "Returns policy",
        "description": "Ordered rules over typed conditions; per line and group of outcomes the first match decides.",
        **closed(
            {
                "format": {"const": FORMAT},
                "name": text(MAX_TEXT),
                "currency": {"type": "string", "pattern": _whole_of(CURRENCY.pattern)},
                "zones": array(_zone(), most=MAX_ZONES),
                "calendar": closed(
                    {
                        "holidays": array(DAY, most=MAX_HOLIDAYS, unique=True),
                        "weekend": array(whole(1, 7), most=6, unique=True),
                    }
                ),
                "promotions": array(_promotion(), most=MAX_PROMOTIONS),
                "several": one_of(Several),
                "defaults": closed({name: _group(name) for name in GROUPS}, required=DECLARED),
                "rules": array(_rule(), most=MAX_RULES),
            },
            required=("format", "name", "defaults"),
        ),
        "$defs": {**GROUPS, "fee": FEE, "condition": _condition()},
    }


def _group(name: str) -> Json:
    return {"$ref": f"#/$defs/{name}"}


def _zone() -> Json:
    country: Json = {"type": "string", "pattern": _whole_of(COUNTRY.pattern)}
    countries = array(country, least=1, most=MAX_COUNTRIES, unique=True)
    return closed({"name": text(MAX_TEXT), "countries": countries}, required=("name", "countries"))


def _promotion() -> Json:
    fields: Json = {
        "code": text(MAX_TEXT),
        "minimum_minor": AMOUNT | {"minimum": 1},
        "minimum_units": whole(1, MAX_UNITS),
    }
    return closed(fields, required=("code",)) | {"minProperties": 2}


def _rule() -> Json:
    return closed(
        {
            "id": {"type": "string", "pattern": _whole_of(RULE_ID.pattern)},
            "name": text(MAX_TEXT),
            "enabled": FLAG,
            "when": _CONDITION,
            "then": closed({name: _group(name) for name in GROUPS}) | {"minProperties": 1},
        },
        required=("id", "name", "then"),
    )


def _condition() -> Json:
    return {
        "description": "True, false or not known; a rule matches where its condition is true.",
        "anyOf": [
            closed({"all": array(_CONDITION, most=MAX_PARTS)}, required=("all",)),
            closed({"any": array(_CONDITION, least=1, most=MAX_PARTS)}, required=("any",)),
            closed({"not": _CONDITION}, required=("not",)),
            closed({"expression": text(MAX_EXPRESSION)}, required=("expression",)),
            *_comparisons(),
        ],
    }


def _comparisons() -> list[Json]:
    """Return one shape per kind of value: facts of one type are compared alike, a closed list is its own type."""
    kinds: dict[tuple[FactType, tuple[str, ...]], list[Fact]] = {}
    for fact in FACTS.values():
        kinds.setdefault((fact.type, fact.choices), []).append(fact)
    found = [_compared([fact.name for fact in FACTS.values()], (Op.KNOWN,), FLAG)]
    for (kind, choices), facts in kinds.items():
        names, ops = [fact.name for fact in facts], facts[0].ops
        value = _value(kind, choices)
        lists = tuple(op for op in ops if op in _LISTED)
        plain = tuple(op for op in ops if op not in (*_LISTED, Op.KNOWN, Op.STARTS_WITH))
        if plain:
            found.append(_compared(names, plain, value))
        if lists:
            found.append(_compared(names, lists, array(value, least=1, most=MAX_VALUES)))
        if Op.STARTS_WITH in ops:
            found.append(_compared(names, (Op.STARTS_WITH,), text(MAX_TEXT)))
    return found


def _compared(names: list[str], ops: tuple[Op, ...], value: Json) -> Json:
    fields: Json = {"fact": {"enum": names}, "op": {"enum": [op.value for op in ops]}, "value": value}
    return closed(fields, required=("fact", "op", "value"))


def _value(kind: FactType, choices: tuple[str, ...]) -> Json:
    if kind is FactType.FLAG:
        return FLAG
    if kind is FactType.DATE:
        return DAY
    if kind in (FactType.NUMBER, FactType.MONEY):
        return whole(-LARGEST, LARGEST)
    return {"enum": list(choices)} if choices else text(MAX_TEXT)


def _whole_of(pattern: str) -> str:
    return f"^(?:{pattern})$"
