"""Which role may do what over the API, as data; an operation that is not listed is allowed to nobody."""

from collections.abc import Mapping
from typing import Final

from retour.core.account import Role

_ALL: Final = frozenset(Role)
_DESK: Final = frozenset({Role.OWNER, Role.AGENT})
_OWNER: Final = frozenset({Role.OWNER})

MAY: Final[Mapping[str, frozenset[Role]]] = {
    "find_orders": _DESK,
    "get_order": _DESK,
    "quote_return": _DESK,
    "quote_exchange": _DESK,
    "request_return": _DESK,
    "list_returns": _ALL,
    "get_return": _ALL,
    "list_return_events": _ALL,
    "approve_return": _DESK,
    "reject_return": _DESK,
    "cancel_return": _DESK,
    "hold_return": _DESK,
    "receive_return": _ALL,
    "inspect_return": _ALL,
    "report_restocked": _ALL,
    "add_return_note": _ALL,
    "add_return_shipment": _ALL,
    "waive_fees": _DESK,
    "ask_shopper": _DESK,
    "list_questions": _DESK,
    "answer_question": _DESK,
    "get_patience": _DESK,
    "set_patience": _OWNER,
    "list_settlements": _DESK,
    "explain_return": _DESK,
    "get_settlement": _DESK,
    "retry_settlement": _DESK,
    "accept_difference": _OWNER,
    "report_settlement": _DESK,
    "list_resolutions": _DESK,
    "get_resolution": _DESK,
    "add_resolution": _OWNER,
    "change_resolution": _OWNER,
    "move_resolution": _OWNER,
    "archive_resolution": _OWNER,
    "restore_resolution": _OWNER,
    "set_notify_only": _OWNER,
    "get_effect": _DESK,
    "hand_back_effect": _OWNER,
    "retry_effect": _OWNER,
    "list_discrepancies": _ALL,
    "start_simulation": _OWNER,
    "list_simulations": _DESK,
    "get_simulation": _DESK,
    "list_affected": _DESK,
    "cancel_simulation": _OWNER,
    "delete_simulation": _OWNER,
    "list_events": _DESK,
    "list_webhook_endpoints": _OWNER,
    "add_webhook_endpoint": _OWNER,
    "get_webhook_endpoint": _OWNER,
    "delete_webhook_endpoint": _OWNER,
    "pause_payments": _DESK,
    "resume_payments": _OWNER,
    "list_policies": _DESK,
    "get_policy": _DESK,
    "compare_policies": _DESK,
    "check_policy": _DESK,
    "explain_policy": _DESK,
    "list_policy_templates": _DESK,
    "get_policy_schema": _DESK,
    "start_policy_draft": _OWNER,
    "save_policy_draft": _OWNER,
    "publish_policy_draft": _OWNER,
    "discard_policy_draft": _OWNER,
    "revert_policy": _OWNER,
}


def may(role: Role, operation_id: str) -> bool:
    """Return whether a role may do an operation."""
    return role in MAY.get(operation_id, frozenset())
