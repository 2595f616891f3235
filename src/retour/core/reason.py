"""The reasons a shopper may give, as codes that a policy can ask about; their words belong to the pages."""

from collections.abc import Mapping
from typing import Final

# In the order they are asked. A policy and a platform know them by these codes.
REASONS: Final = (
    "too_small",
    "too_large",
    "not_as_described",
    "damaged",
    "defective",
    "wrong_item",
    "changed_mind",
    "other",
)
# What a claim may be about, in the order it is asked; of the last two nothing can be sent back.
CLAIM_REASONS: Final = ("damaged", "defective", "wrong_item", "not_as_described", "missing", "never_arrived")
NEVER_HERE: Final = frozenset({"missing", "never_arrived"})
CANCEL_REASONS: Final = ("changed_mind", "other")
# What a reason is about, so that a rule need not name each of them.
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "fit": ("too_small", "too_large"),
    "quality": ("not_as_described", "damaged", "defective"),
    "mistake": ("wrong_item", "missing", "never_arrived"),
    "preference": ("changed_mind",),
    "other": ("other",),
}
GROUP_OF: Final[Mapping[str, str]] = {reason: group for group, reasons in GROUPS.items() for reason in reasons}
NOTE_MOST: Final = 1_000  # characters
