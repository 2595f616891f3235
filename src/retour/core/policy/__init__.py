"""Policy: typed documents of ordered rules, and the decision per order line and outcome group that explains itself.

The way through: `decode` JSON to a `PolicyDocument`, `compile_policy` it once per published version, `gather` the
facts of a request, `decide`. What is kept with the return (`encode_facts`) gives the same decision and the full
`trace` again at any later time.
"""

from retour.core.policy.decoding import decode
from retour.core.policy.document import PolicyDocument, Rule
from retour.core.policy.encoding import decode_facts, encode, encode_facts, encode_line_decision, frozen_line_decision
from retour.core.policy.evaluate import CompiledPolicy, Decision, LineDecision, compile_policy, decide
from retour.core.policy.facts import FACTS, LineFacts
from retour.core.policy.gathering import Asked, CustomerPast, History, LinePast, Request, gather, local_day, time_zone
from retour.core.policy.lifecycle import VersionState, diff, fingerprint, move
from retour.core.policy.template import template, template_named, templates
from retour.core.policy.tracing import Trace, trace

__all__ = [
    "FACTS",
    "Asked",
    "CompiledPolicy",
    "CustomerPast",
    "Decision",
    "History",
    "LineDecision",
    "LineFacts",
    "LinePast",
    "PolicyDocument",
    "Request",
    "Rule",
    "Trace",
    "VersionState",
    "compile_policy",
    "decide",
    "decode",
    "decode_facts",
    "diff",
    "encode",
    "encode_facts",
    "encode_line_decision",
    "fingerprint",
    "frozen_line_decision",
    "gather",
    "local_day",
    "move",
    "template",
    "template_named",
    "templates",
    "time_zone",
    "trace",
]
