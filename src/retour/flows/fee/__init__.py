"""Fees that are paid beforehand: invoiced on the platform, waited for, withdrawn, given back."""

from retour.flows.fee.acts import Do, act, choices
from retour.flows.fee.carrying import carry_on
from retour.flows.fee.far import Far

__all__ = ["Do", "Far", "act", "carry_on", "choices"]
