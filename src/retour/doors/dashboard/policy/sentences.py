"""Rules and whole policies told in sentences, the way a merchant would say them to a colleague."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from retour.doors.dashboard.policy import goods_sentences as goods
from retour.doors.dashboard.policy import money_sentences as money
from retour.doors.dashboard.policy import outcome_forms as forms
from retour.doors.dashboard.policy.conditions import told_condition
from retour.doors.dashboard.policy.fact_words import joined
from retour.doors.dashboard.policy.values import country_name
from retour.doors.dashboard.policy.voice import Json, Voice
from retour.web.reader import Reader


@dataclass(frozen=True, slots=True)
class Told:
    """One rule in words; `number` counts from one, in the order that decides."""

    number: int
    id: str
    name: str
    enabled: bool
    when: str
    then: Mapping[str, Sequence[str]]  # sentences by group

    @property
    def sentences(self) -> list[str]:
        """Return what the rule decides, group after group."""
        return [sentence for said in self.then.values() for sentence in said]


@dataclass(frozen=True, slots=True)
class Teller(Voice):
    """Tells whole policies."""

    def rules(self, document: Json) -> list[Told]:
        """Return every rule of a document in words."""
        return [self.rule(rule, n) for n, rule in enumerate(cast("list[Json]", document["rules"]), start=1)]

    def rule(self, rule: Json, number: int) -> Told:
        """Return one rule in words."""
        then = {name: self.outcome(name, said) for name, said in cast("Mapping[str, Json]", rule["then"]).items()}
        ordered = {name: then[name] for name in forms.GROUPS if name in then}
        when = self.when(rule.get("when"))
        return Told(number, str(rule["id"]), str(rule["name"]), bool(rule.get("enabled", True)), when, ordered)

    def when(self, condition: object) -> str:
        """Return the condition of a rule as the beginning of a sentence."""
        told = told_condition(condition, self.reader, currency=self.currency)
        return self.reader.say("When %(what)s", what=told) if told else self.reader.say("Always")

    def defaults(self, document: Json) -> list[tuple[str, list[str]]]:
        """Return (question, sentences) of every group for what no rule decides."""
        said = cast("Mapping[str, Json]", document["defaults"])
        return [
            (self.reader.say(forms.GROUPS[name]), self.outcome(name, said.get(name, {}))) for name in forms.IN_ORDER
        ]

    def outcome(self, group: str, said: Json) -> list[str]:
        """Return the outcome of one group in sentences."""
        return list(_TELL[group](self, said))


def told_zone(zone: Json, reader: Reader) -> str:
    """Return a zone of countries in words."""
    countries = [country_name(str(code), reader) for code in cast("list[str]", zone["countries"])]
    return reader.say(
        "%(name)s: %(countries)s", name=zone["name"], countries=joined(countries, reader, alternatives=False)
    )


_TELL: Final[Mapping[str, Callable[[Voice, Json], Iterator[str]]]] = {
    "eligibility": goods.eligibility,
    "resolutions": money.resolutions,
    "methods": goods.methods,
    "decision": goods.decision,
    "settle_on": goods.settle_on,
    "refund_terms": money.refund_terms,
    "fees": money.fees,
    "requirements": goods.requirements,
    "inspection": goods.inspection,
}
