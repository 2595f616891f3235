"""The first policy of a store: 30 days, with or without a person who approves."""

from typing import Final

from retour.core.policy.document import PolicyDocument
from retour.core.policy.template.pieces import AT_ONCE, BY_HAND, FINAL_SALE, GIFT_CARDS, REFUND, counted, defaults

WINDOW_DAYS: Final = 30


def template(*, automatic: bool = False) -> PolicyDocument:
    """Return a sane first policy: 30 days from delivery, refund to the original payment, money after inspection.

    Requests wait for a person unless `automatic`. Gift cards and articles tagged final-sale never come back.
    """
    return PolicyDocument(
        name="30 days, approved automatically" if automatic else "30 days, reviewed by hand",
        defaults=defaults(counted(WINDOW_DAYS), REFUND, decision=AT_ONCE if automatic else BY_HAND),
        rules=(GIFT_CARDS, FINAL_SALE),
    )
