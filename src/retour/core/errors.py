"""The refusal: a use case that may not go on, with a code that is stable and public."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

Scalar = str | int | bool | None

# Codes whose cause lies in the state of the resource answer 409; unknown things 404; everything else 422.
_CONFLICT: Final = frozenset(
    {
        "handed_over", "already_paid", "opened_on_platform", "already_decided", "move_not_allowed",
        "more_than_returnable", "plan_changed", "state_changed", "idempotency_key_in_use", "another_master",
        "already_received", "already_inspected", "not_received", "more_than_received", "line_exhausted",
        "order_exhausted", "tender_exhausted", "refund_blocked", "quarantined", "already_exists", "endpoint_inactive",
        "already_set_up", "last_owner", "resolution_in_use", "already_reported", "no_failed_label", "default_needed",
        "same_person", "person_needed", "already_asked", "nothing_asked", "reason_in_use", "last_reason",
        "already_shipped", "merge_not_open", "merge_has_goods", "merge_has_money", "merge_calls_running",
        "merge_opened_there", "merge_other_kind", "merge_other_order", "too_many_tags", "too_many_watchers",
        "not_closed", "merge_of_a_gift", "already_begun", "isv_ended", "person_erased", "request_over",
        "exchange_under_way", "exchange_not_begun", "price_changed", "card_hold_open", "fee_paid", "payments_paused",
        "not_sent", "partly_received",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Objection:
    """One reason why something cannot be done, for the caller to show; an empty list means it can."""

    code: str
    message: str
    field: str | None = None


class Refused(Exception):  # noqa: N818 - a refusal is an answer of the house, not an error
    """A use case that may not go on; nothing has changed. `code` is stable and public, `field` names the culprit."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        field: str | None = None,
        facts: Mapping[str, Scalar] | None = None,
        objections: Sequence[Objection] = (),
    ):
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.facts = dict(facts or {})
        self.objections = tuple(objections)

    @property
    def status(self) -> int:
        """Return the HTTP status of the refusal: 404, 403, 409 or 422."""
        if self.code.endswith("_not_found"):
            return 404
        if self.code == "forbidden":
            return 403
        return 409 if self.code in _CONFLICT else 422
