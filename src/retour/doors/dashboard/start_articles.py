"""The new article of an exchange, looked for in the shop's catalogue from the form that starts a return."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from retour.core.article import SEARCH_MOST, Swap, plain
from retour.core.errors import Refused
from retour.core.kind import Kind
from retour.core.money import Money
from retour.core.policy.outcome import ExchangeItems, ExchangeTerms, ResolutionKind
from retour.core.ports import Article
from retour.doors.dashboard.desk import Visit
from retour.doors.dashboard.start_asks import Choice
from retour.flows import catalogue
from retour.flows import rma as flow
from retour.flows.rma import Judged, Wish
from retour.store import article as articles
from retour.store.db import Db
from retour.store.order import OrderRecord
from retour.web import shelf
from retour.web.forms import Form, FormErrors
from retour.web.reader import Reader
from retour.web.shelf import Say, Shelf, Wanted

LOOKING: Final = frozenset({Kind.RETURN.value, Kind.CLAIM.value})
AGAIN: Final = "again"
_FIND: Final = "find-"
# Staff see all that the shop has, as they may type any SKU; what the policy allows is held against the choice.
_ALL: Final = ExchangeTerms(items=ExchangeItems.ANY_PRODUCT, out_of_stock=True)


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


_REFUSED: Final[Mapping[str, str]] = {
    "article_unknown": _("The shop was not asked about it lately: search again"),
    "exchange_not_offered": _("The policy exchanges it for another variant of it alone"),
    "out_of_stock": _("The shop has fewer of it, and the policy does not wait for them"),
    "currency_mismatch": _("It is sold in another currency than that of the order"),
    "nothing_to_discount": _("The fees are more than it costs"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """What the articles of an exchange come to, as the check shows it; one of the amounts, or none."""

    titles: Sequence[str]
    due: Money | None
    back: Money | None
    hash: str


def line_to_find(sent: Form, choices: Sequence[Choice]) -> int | None:
    """Return the number of the line whose article is to be looked for now, or nothing.

    It is the one whose button was pressed; else one with words that nobody searched for yet and no article.
    """
    for one in choices:
        if sent.text("do") == f"{_FIND}{one.n}":
            return one.n
    for one in choices:
        typed, named = plain(sent.text(f"words-{one.n}")), sent.text(f"pick-{one.n}") or sent.text(f"article-{one.n}")
        if typed and typed != sent.text(f"asked-{one.n}") and not named:
            return one.n
    return None


async def find(seen: Visit, record: OrderRecord, n: int, sent: Form, errors: FormErrors) -> Form:
    """Ask the shop for what was typed about the n-th line; return the form with the question, to be shown again."""
    words, asked = sent.text(f"words-{n}"), list[str]()
    if words:
        async with seen.desk.database.tx(seen.staff.tenant_id) as db:
            try:
                ask_id = await catalogue.search(
                    db, seen.desk.vault, tenant_id=seen.staff.tenant_id, who=seen.staff.staff_id,
                    connection_id=record.connection_id, words=words, country=record.order.country, now=seen.now,
                )  # fmt: skip
                asked = [str(ask_id)]
            except Refused as no:
                errors.add(f"words-{n}", _unsearched(no, seen.reader))
    more = {f"look-{n}": ["1"], f"find-{n}": asked, f"asked-{n}": [plain(words)]}
    return replace(sent, fields={**sent.fields, **more})


def _unsearched(no: Refused, reader: Reader) -> str:
    if no.code == "too_many_requests":
        return reader.say_plural(
            "You can search again in %(n)s second.", "You can search again in %(n)s seconds.",
            int(no.facts.get("wait_s") or 1),
        )  # fmt: skip
    if no.code == "text_too_long":
        return reader.say("Fewer words find more (limit %(n)s characters).", n=SEARCH_MOST)
    return reader.say("Name the article")


async def shelves_of(
    db: Db, seen: Visit, record: OrderRecord, choices: Sequence[Choice], sent: Form, kind: str
) -> Mapping[int, Shelf] | None:
    """Return what the shop said for each line that was looked for, by number; nothing where it cannot be asked."""
    if kind not in LOOKING or not await shelf.is_asked(db, record):
        return None
    found: dict[int, Shelf] = {}
    for one in choices:
        line = record.order.line(one.ref)
        if one.left and line is not None and sent.text(f"look-{one.n}"):
            wanted = Wanted(
                record, line, sent.whole(f"quantity-{one.n}") or 1, _ALL, sent.text(f"pick-{one.n}"),
                sent.text(f"find-{one.n}"), sent.text(f"words-{one.n}"),
            )  # fmt: skip
            found[one.n] = await shelf.shelf_of(db, wanted, _say(seen.reader), now=seen.now)
    return found


def _say(reader: Reader) -> Say:
    def note(article: Article) -> str:
        if article.available is None:
            return reader.say("Stock is not limited")
        if article.available <= 0:
            return reader.say("Sold out")
        return reader.say_plural("%(n)s in stock", "%(n)s in stock", article.available)

    def barred(code: str, _article: Article) -> str:
        return reader.say(_REFUSED.get(code, _REFUSED["exchange_not_offered"]))

    return Say(note, barred)


async def swap_of(db: Db, seen: Visit, judged: Judged, wishes: Sequence[Wish], *, beyond: bool) -> Swap | None:
    """Return what the exchange comes to where all of it is exchanged for articles of the catalogue; else nothing.

    Raises Refused where an article cannot be had under the policy, unless that is set aside (`beyond`).
    """
    if not all(wish.article and wish.resolution == ResolutionKind.EXCHANGE for wish in wishes):
        return None
    known = await articles.known(
        db, connection_id=judged.order.connection_id, country=judged.order.order.country,
        refs={wish.article for wish in wishes if wish.article}, now=seen.now,
    )  # fmt: skip
    if not all(wish.article in known for wish in wishes):
        return None
    try:
        return await flow.swap_of(db, judged, wishes, now=seen.now)
    except Refused:
        if beyond:
            return None
        raise


def told(swap: Swap | None, currency: str) -> Told | None:
    """Return what a swap comes to as the check shows it."""
    if swap is None:
        return None
    return Told(
        [one.title or one.article for one in swap.articles],
        Money(swap.collect, currency) if swap.collect else None,
        Money(swap.pay_back, currency) if swap.pay_back else None,
        swap.hash,
    )


def is_about_articles(no: Refused) -> bool:
    """Return whether a request was refused because of the article that was chosen."""
    return (no.code in _REFUSED and (no.field or "").endswith(".article")) or no.code == "nothing_to_discount"


def refused(no: Refused, wishes: Sequence[Wish], choices: Sequence[Choice], reader: Reader) -> FormErrors:
    """Return why an article was not taken, at the field of its line."""
    errors, places = FormErrors(), {choice.ref: choice.n for choice in choices}
    at = (no.field or "").partition("[")[2].partition("]")[0]
    n = int(at) if at.isdecimal() and int(at) < len(wishes) else 0
    errors.add(f"article-{places[wishes[n].line_ref]}", reader.say(_REFUSED[no.code]))
    if no.code in ("exchange_not_offered", "out_of_stock"):
        errors.add("reason", reader.say("To go on all the same, tick “Beyond the policy” and say why"))
    return errors
