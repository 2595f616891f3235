"""What stops with the payments of a store is what its return waits for, even once that is closed."""

import pytest

from retour.core.effect import STOPPED_KINDS, EffectKind, EffectState
from retour.core.rma import NO_STEPS, Decision, blocked_by
from tests.core.rma import builders as b


@pytest.mark.parametrize("decision", [Decision.APPROVED, Decision.RESOLVED])
@pytest.mark.parametrize("kind", list(EffectKind))
def test_a_call_that_stops_with_the_payments_waits_for_finance(kind: EffectKind, decision: Decision) -> None:
    for state in EffectState:
        call = b.an_effect(kind, "x", state, created_at=b.DECIDED_AT)
        ret = b.a_return(b.a_line(decision=decision), effects=(call,))

        found = blocked_by(ret, b.a_bare_store(paused=True), NO_STEPS, now=b.NOW)
        else_ = blocked_by(ret, b.a_bare_store(), NO_STEPS, now=b.NOW)

        waits = kind in STOPPED_KINDS and state is EffectState.INTENT
        assert (found is not None and found.code == "payments_paused") == waits
        if waits and found is not None:
            assert (found.actor, found.since, found.evidence) == ("finance", b.DECIDED_AT, {"kind": kind.value})
        assert else_ is None or else_.code != "payments_paused"
