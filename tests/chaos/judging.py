"""What must be true when a run is over, told from the shop's own books and from ours."""

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from retour.store.db import Database
from tests.chaos.story import Return

_DIGITS = {"JPY": 0, "KWD": 3}
FACTS = """
SELECT jsonb_build_object(
 'rma', (SELECT jsonb_build_object('status', status, 'blocked', blocked_code) FROM rma WHERE id = $1),
 'effects', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', id, 'kind', kind, 'state', state, 'seq', seq,
    'reference', reference, 'parked', parked_at IS NOT NULL, 'amount', amount_minor, 'far_code', far_code,
    'message', message, 'tries', tries, 'generation', key_generation)), '[]') FROM effect WHERE rma_id = $1),
 'settlements', (SELECT coalesce(jsonb_agg(jsonb_build_object('state', state, 'total', total_minor,
    'comparison', comparison, 'effect_id', effect_id, 'moment', moment)), '[]') FROM settlement WHERE rma_id = $1),
 'paid_units', (SELECT coalesce(jsonb_agg(jsonb_build_array(l.ref, lower(l.ordinals), upper(l.ordinals))), '[]')
    FROM settlement_line l JOIN settlement s ON s.id = l.settlement_id AND s.tenant_id = l.tenant_id
   WHERE s.rma_id = $1 AND l.kind = 'units'),
 'inspections', (SELECT coalesce(jsonb_agg(jsonb_build_object('ref', line_ref, 'lo', lower(ordinals),
    'hi', upper(ordinals), 'accepted', accepted, 'disposition', disposition)), '[]') FROM inspection WHERE rma_id = $1),
 'restocks', (SELECT coalesce(jsonb_agg(jsonb_build_array(line_ref, lower(ordinals), upper(ordinals))), '[]')
    FROM restock WHERE rma_id = $1),
 'captures', (SELECT coalesce(jsonb_agg(jsonb_build_array(ref, captured_minor, reserved_minor, refunded_minor,
    external_refunded_minor)), '[]') FROM payment_capture WHERE order_id = $2),
 'balance', (SELECT coalesce(sum(posted_minor), 0) FROM ledger_account),
 'posted', (SELECT coalesce(sum(p.amount_minor), 0) FROM posting p
    JOIN ledger_entry e ON e.tenant_id = p.tenant_id AND e.id = p.entry_id
    JOIN effect f ON f.tenant_id = e.tenant_id AND f.id = e.effect_id WHERE f.rma_id = $1),
 'gaps', (SELECT count(*) FROM (SELECT max(seq) <> count(*) OR min(seq) <> 1 AS gap FROM event GROUP BY resource_id) g
    WHERE gap),
 'events', (SELECT coalesce(jsonb_agg(type), '[]') FROM event WHERE resource_id = $1),
 'claims', (SELECT count(*) FROM unit_claim WHERE order_id = $2),
 'discrepancies', (SELECT coalesce(jsonb_agg(jsonb_build_array(kind, resource_id, details)), '[]') FROM discrepancy
    WHERE state = 'open'))
"""


async def facts(database: Database, wanted: Return) -> Mapping[str, Any]:
    """Return what our database says about a return."""
    async with database.tx(wanted.tenant_id) as db:
        found: Mapping[str, Any] = await db.fetchval(FACTS, wanted.rma_id, wanted.order_id)
        return found


def always(ours: Mapping[str, Any], counts: Mapping[str, Any], books: Mapping[str, Any]) -> list[str]:
    """Return what is wrong at any moment, however little has happened."""
    found = [f"{law}: {broken}" for law, broken in counts["broken"].items() if broken]
    back = _units((i["ref"], i["lo"], i["hi"]) for i in ours["inspections"] if i["disposition"] == "restock")
    for ref, units in _restocked(counts, books).items():
        if units > back[ref]:
            found.append(f"restocked {units} units of {ref}, inspected {back[ref]} as restock")
    for ref, captured, reserved, refunded, external in ours["captures"]:
        if reserved + refunded + external > captured:
            found.append(f"over-refund on {ref}")
    if ours["balance"] != 0:
        found.append(f"the ledger sums up to {ours['balance']}")
    if ours["gaps"]:
        found.append(f"{ours['gaps']} event sequences with gaps")
    return found


def at_the_end(ours: Mapping[str, Any], counts: Mapping[str, Any], books: Mapping[str, Any]) -> tuple[list[str], int]:
    """Return what is wrong once nothing is left to do, and how many effects wait for a person."""
    found = always(ours, counts, books)
    parked = [e for e in ours["effects"] if e["parked"] and e["state"] in ("unknown", "sending", "intent", "pending")]
    if ours["rma"] is None:
        return [*found, "lost: there is no return"], 0
    known = {resource for kind, resource, _ in ours["discrepancies"] if kind == "effect_unknown"}
    found += [f"parked without a discrepancy: {e}" for e in parked if e["id"] not in known]
    if parked:
        if ours["rma"]["blocked"] is None:
            found.append("parked and blocked by nobody")
        return found, len(parked)
    if ours["rma"]["status"] != "resolved":
        found.append(f"stuck: {ours['rma']} {ours['discrepancies']} {_open(ours)}")
        if ours["rma"]["blocked"] is None:
            found.append("stuck and blocked by nobody")
    return found + _money(ours, counts, books) + _goods(ours, counts, books), 0


def _money(ours: Mapping[str, Any], counts: Mapping[str, Any], books: Mapping[str, Any]) -> list[str]:
    found = []
    settled = [s for s in ours["settlements"] if s["state"] == "settled"]
    total = sum(s["total"] for s in settled)
    refunded = int(Decimal(books["refunded"]).scaleb(_DIGITS.get(books["currency"], 2)))
    if refunded != total:
        found.append(f"the shop gave back {refunded}, we settled {total}")
    judged = _units((i["ref"], i["lo"], i["hi"]) for i in ours["inspections"])
    accepted = _units((i["ref"], i["lo"], i["hi"]) for i in ours["inspections"] if i["accepted"])
    paid, most = _units(ours["paid_units"]), judged if any(s["moment"] != "inspected" for s in settled) else accepted
    if accepted - paid or paid - most:  # what was paid before its inspection may have been refused since
        found.append(f"lost: judged {dict(judged)}, accepted {dict(accepted)}, paid {dict(paid)}")
    for s in (s for s in settled if s["total"]):
        refund = next(e for e in ours["effects"] if e["id"] == s["effect_id"])
        times = counts["refunds_by_reference"].get(refund["reference"], 0)
        if times != 1 or refund["state"] != "confirmed" or refund["amount"] != s["total"]:
            found.append(f"{refund['reference']} happened {times} times: {refund}")
    captures = ours["captures"]
    if sum(c[2] for c in captures) != 0 or sum(c[3] for c in captures) != total or sum(c[4] for c in captures) != 0:
        found.append(f"captures {captures} after settling {total}")
    if ours["posted"] != total:
        found.append(f"the ledger moved {ours['posted']}, we settled {total}")
    told = Counter(ours["events"])["settlement.settled"]
    if told != len(settled):
        found.append(f"{len(settled)} settlements were told {told} times")
    return found


def _goods(ours: Mapping[str, Any], counts: Mapping[str, Any], books: Mapping[str, Any]) -> list[str]:
    found = []
    back = _units((i["ref"], i["lo"], i["hi"]) for i in ours["inspections"] if i["disposition"] == "restock")
    if _restocked(counts, books) != back or _units(ours["restocks"]) != back:
        there, here = _restocked(counts, books), _units(ours["restocks"])
        found.append(f"to restock {dict(back)}, restocked by the shop {dict(there)}, by us {dict(here)}")
    if "return-in-transit" in books["tags"]:
        found.append("the order is still tagged as on its way")
    opened = [ret for ret in books["returns"] if ret["status"] != "CANCELED"]
    if len(opened) != 1:
        found.append(f"{len(opened)} returns on the platform")
    return found


def _open(ours: Mapping[str, Any]) -> list[Any]:
    return [e for e in ours["effects"] if e["state"] != "confirmed"] + ours["settlements"]


def _restocked(counts: Mapping[str, Any], books: Mapping[str, Any]) -> Counter[str]:
    lines = {line["id"] for line in books["lines"]}
    found: Counter[str] = Counter()
    for row in counts["restocks"]:
        if row["line"] in lines:
            found[row["line"]] += row["quantity"]
    return found


def _units(spans: Any) -> Counter[str]:
    """Return units per line of (line, first, one after the last)."""
    found: Counter[str] = Counter()
    for ref, lo, hi in spans:
        found[ref] += hi - lo
    return found
