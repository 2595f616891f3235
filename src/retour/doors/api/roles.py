"""Which role may do what over the API, as data; an operation that is not listed is allowed to nobody."""

from collections.abc import Mapping
from typing import Final

from retour.core.account import Role

_ALL: Final = frozenset(Role)
_DESK: Final = frozenset({Role.OWNER, Role.AGENT})
_OWNER: Final = frozenset({Role.OWNER})

MAY: Final[Mapping[str, frozenset[Role]]] = {
    "list_events": _DESK,
    "list_webhook_endpoints": _OWNER,
    "add_webhook_endpoint": _OWNER,
    "get_webhook_endpoint": _OWNER,
    "delete_webhook_endpoint": _OWNER,
    "pause_payments": _DESK,
    "resume_payments": _OWNER,
}


def may(role: Role, operation_id: str) -> bool:
    """Return whether a role may do an operation."""
    return role in MAY.get(operation_id, frozenset())
