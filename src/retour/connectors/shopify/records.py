"""What the platform offers for each kind of effect: keys, guards, references and how long its silence may last."""

from collections.abc import Mapping
from typing import Final

from retour.core.effect import EffectKind
from retour.core.ports import CapabilityRecord

# Mutations with @idempotent keep keys for a day (shopify.dev/docs/api/usage/implementing-idempotency); the executor
# relies on half of it. List lag and far time-out are our start values: long on purpose, a setting may shorten them.
KEY_WINDOW_S: Final = 86_400.0
LIST_LAG_S: Final = 5.0
FAR_TIMEOUT_S: Final = 30.0


def _made_of_units(note: str) -> dict[str, object]:
    """Return what holds for anything made of returnable units, which carry our reference in that field."""
    return {"over_refund_guard": "quantity", "searchable_reference": f"returnLineItems.{note}", "guarded": True}


def records(
    *, key_window_s: float = KEY_WINDOW_S, list_lag_s: float = LIST_LAG_S, far_timeout_s: float = FAR_TIMEOUT_S
) -> Mapping[EffectKind, CapabilityRecord]:
    """Return the capability record of every kind this connector carries out; durations in seconds."""

    def keyless(natural_guard: str, **more: object) -> CapabilityRecord:
        facts: dict[str, object] = {"over_refund_guard": "none", "searchable_reference": None} | more
        return CapabilityRecord(
            key="none",
            key_window_s=0.0,
            natural_guard=natural_guard,
            list_lag_s=list_lag_s,
            far_timeout_s=far_timeout_s,
            **facts,  # type: ignore[arg-type]  # literals, spelt out at each use below
        )

    tags = keyless("tags of the object", repeat_harmless=True)
    return {
        # A request holds up nothing else of its order: what became of a lost one, its reference in the lines tells.
        EffectKind.REQUEST_RETURN: keyless("order.returns", serialise_by="none", **_made_of_units("customerNote")),
        EffectKind.APPROVE_RETURN: keyless("return.status"),
        EffectKind.DECLINE_RETURN: keyless("return.status"),
        EffectKind.OPEN_RETURN: keyless("order.returns", **_made_of_units("returnReasonNote")),
        EffectKind.CANCEL_RETURN: keyless("return.status"),
        EffectKind.CLOSE_RETURN: keyless("return.status", repeat_harmless=True),
        EffectKind.REMOVE_FROM_RETURN: keyless("quantity per line", over_refund_guard="quantity", guarded=True),
        EffectKind.PROCESS_RETURN: keyless(
            "processedQuantity of each return line", over_refund_guard="quantity", guarded=True
        ),
        EffectKind.REFUND_TENDER: CapabilityRecord(
            key="directive",
            key_window_s=key_window_s,
            over_refund_guard="amount",
            searchable_reference="Refund.note",
            natural_guard="order.refunds",
            list_lag_s=list_lag_s,
            far_timeout_s=far_timeout_s,
            asynchronous=True,
        ),
        EffectKind.RESTOCK: CapabilityRecord(
            key="directive",
            key_window_s=key_window_s,
            over_refund_guard="none",
            searchable_reference=None,
            natural_guard="available quantity and when it last changed",
            list_lag_s=list_lag_s,
            far_timeout_s=far_timeout_s,
            guarded=True,
            serialise_by="unit",
        ),
        EffectKind.TAG: tags,
        EffectKind.UNTAG: tags,
        EffectKind.NOTE: keyless("order.note", searchable_reference="order.note", guarded=True, repeat_harmless=True),
        EffectKind.DRAFT_EXCHANGE: keyless("our tag", searchable_reference="DraftOrder.tags", guarded=True),
        EffectKind.RELEASE_EXCHANGE: keyless("draftOrder.status"),
        EffectKind.INVOICE_EXCHANGE: keyless("draftOrder.status"),
        EffectKind.DROP_EXCHANGE: keyless("the draft is gone"),
        EffectKind.CANCEL_EXCHANGE: keyless("order.cancelledAt", asynchronous=True),
        EffectKind.DRAFT_FEE: keyless("our tag", searchable_reference="DraftOrder.tags", guarded=True),
    }
