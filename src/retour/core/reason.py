"""The reasons a shopper may give, as codes that a policy can ask about; their words belong to the pages."""

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
NOTE_MOST: Final = 1_000  # characters
