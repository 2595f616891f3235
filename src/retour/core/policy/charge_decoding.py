"""Decoding what a policy charges and gives on top; `currency` is that of the document's amounts."""

from typing import Final

from retour.core.policy.charge import (
    Bonus,
    DownCharge,
    ExchangeItems,
    ExchangePrice,
    ExchangeTerms,
    Fee,
    InstantTerms,
    UpCharge,
)
from retour.core.policy.reading import Node
from retour.core.refund.terms import FeeOf, FeePer, FeeTax

MAX_BP: Final = 10_000
MAX_MINOR: Final = 10**12
MAX_FREE_BP: Final = 100_000  # tenfold
MAX_INSTANT_DAYS: Final = 60


def fee(node: Node, currency: str | None, *, of_a_label: bool = False) -> Fee:
    """Read a fee; a rate of tax belongs to a supply, the carrier's cost to a label."""
    fields = node.fields(
        optional=("bp", "fixed_minor", "per", "tax", "tax_bp", "of", "actual_cost", "tax_included", "at_most_minor")
    )
    tax = fields["tax"].choice(FeeTax) if "tax" in fields else FeeTax.REDUCTION
    tax_bp = fields["tax_bp"].whole(least=0, most=MAX_BP) if "tax_bp" in fields else 0
    if tax_bp and tax is FeeTax.REDUCTION:
        raise fields["tax_bp"].refusal("not_one_of", "only a supply has a tax rate of its own")
    included = fields["tax_included"].flag() if "tax_included" in fields else True
    if not included and tax is FeeTax.REDUCTION:
        raise fields["tax_included"].refusal("not_allowed", "only a supply has tax of its own")
    cost = fields["actual_cost"].flag() if "actual_cost" in fields else False
    if cost and not of_a_label:
        raise fields["actual_cost"].refusal("not_allowed", "only a label has a cost")
    return Fee(
        bp=fields["bp"].whole(least=0, most=MAX_BP) if "bp" in fields else 0,
        fixed_minor=_amount(fields, "fixed_minor", currency) or 0,
        per=fields["per"].choice(FeePer) if "per" in fields else FeePer.UNIT,
        tax=tax,
        tax_bp=tax_bp,
        of=fields["of"].choice(FeeOf) if "of" in fields else FeeOf.PAID,
        actual_cost=cost,
        tax_included=included,
        at_most_minor=_amount(fields, "at_most_minor", currency),
    )


def bonus(node: Node, currency: str | None) -> Bonus:
    """Read a bonus."""
    fields = node.fields(optional=("bp", "fixed_minor", "at_most_minor"))
    return Bonus(
        bp=fields["bp"].whole(least=0, most=MAX_BP) if "bp" in fields else 0,
        fixed_minor=_amount(fields, "fixed_minor", currency) or 0,
        at_most_minor=_amount(fields, "at_most_minor", currency),
    )


def exchange(node: Node) -> ExchangeTerms:
    """Read the terms of an exchange; the same price is always an even exchange."""
    fields = node.fields(
        optional=("items", "price", "free_from_bp", "free_to_bp", "up", "down", "out_of_stock", "instant")
    )
    return ExchangeTerms(
        items=fields["items"].choice(ExchangeItems) if "items" in fields else ExchangeItems.VARIANT,
        price=fields["price"].choice(ExchangePrice) if "price" in fields else ExchangePrice.PAID,
        free_from_bp=fields["free_from_bp"].whole(least=0, most=MAX_BP) if "free_from_bp" in fields else MAX_BP,
        free_to_bp=fields["free_to_bp"].whole(least=MAX_BP, most=MAX_FREE_BP) if "free_to_bp" in fields else MAX_BP,
        up=fields["up"].choice(UpCharge) if "up" in fields else UpCharge.INVOICE,
        down=fields["down"].choice(DownCharge) if "down" in fields else DownCharge.REFUND,
        out_of_stock=fields["out_of_stock"].flag() if "out_of_stock" in fields else False,
        instant=_instant(fields["instant"]) if "instant" in fields else None,
    )


def _instant(node: Node) -> InstantTerms:
    fields = node.fields(optional=("days", "arrive_days"))
    return InstantTerms(
        days=fields["days"].whole(least=1, most=MAX_INSTANT_DAYS) if "days" in fields else InstantTerms().days,
        arrive_days=fields["arrive_days"].whole(least=0, most=MAX_INSTANT_DAYS)
        if "arrive_days" in fields
        else InstantTerms().arrive_days,
    )


def _amount(fields: dict[str, Node], name: str, currency: str | None) -> int | None:
    """Read an amount in minor units; one that is not zero needs the currency of the document."""
    if name not in fields:
        return None
    minor = fields[name].whole(least=0, most=MAX_MINOR)
    if minor and currency is None:
        raise fields[name].refusal("missing_currency", "an amount needs the currency of the document")
    return minor
