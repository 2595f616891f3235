"""Policies to start from."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from retour.core.errors import Refused
from retour.core.policy.document import PolicyDocument
from retour.core.policy.template.goods import electronics, final_sale, warranty
from retour.core.policy.template.pieces import TRANSIT_DAYS
from retour.core.policy.template.regional import eu_withdrawal, us_thirty_days
from retour.core.policy.template.starting import WINDOW_DAYS, template

__all__ = ["TRANSIT_DAYS", "WINDOW_DAYS", "Template", "template", "template_named", "templates"]


@dataclass(frozen=True, slots=True)
class Template:
    """A policy to start from: its name in addresses and on the command line, and what people read about it."""

    name: str
    title: str
    description: str
    make: Callable[[], PolicyDocument]


_TEMPLATES = (
    Template(
        "thirty-days",
        "30 days, reviewed by hand",
        "30 days from delivery, refund to the original payment. A person approves every request.",
        template,
    ),
    Template(
        "thirty-days-automatic",
        "30 days, approved automatically",
        "30 days from delivery, refund to the original payment. Requests are approved at once.",
        partial(template, automatic=True),
    ),
    Template(
        "eu-withdrawal",
        "European Union: 14 days",
        "14 days beside the right of withdrawal, two years for claims, standard shipping refunded with the whole order.",
        eu_withdrawal,
    ),
    Template(
        "us-thirty-days",
        "United States: 30 days",
        "30 days with a label; store credit is worth a tenth more; requests from abroad wait for a person.",
        us_thirty_days,
    ),
    Template(
        "final-sale",
        "Final sale",
        "Only what is faulty, damaged or wrong comes back, within 14 days and at the shop's cost.",
        final_sale,
    ),
    Template(
        "electronics",
        "Electronics with a restocking fee",
        "14 days; refunds cost a restocking fee of 15 %, exchanges, credit and faulty articles do not.",
        electronics,
    ),
    Template(
        "warranty",
        "Returns and warranty",
        "30 days for returns; claims for two years, with photos: repaired, replaced or refunded.",
        warranty,
    ),
)


def templates() -> tuple[Template, ...]:
    """Return all templates, the plainest first."""
    return _TEMPLATES


def template_named(name: str) -> Template:
    """Return the template of that name; raise Refused(template_not_found)."""
    for one in _TEMPLATES:
        if one.name == name:
            return one
    raise Refused("template_not_found", f"There is no template {ascii(name)[:60]}.", field="template")
