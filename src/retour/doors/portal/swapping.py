"""Between the offers and the check: which article each item is exchanged for, and what that comes to."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Response

from retour.core.article import SEARCH_MOST, Swap, check, swap
from retour.core.errors import Refused
from retour.core.order import OrderLine
from retour.core.policy.outcome import ExchangeTerms, ResolutionKind
from retour.core.ports import Article
from retour.doors.portal import picks
from retour.doors.portal.desk import AnyRequest, Desk, Elsewhere, Here
from retour.doors.portal.draft import Draft, key_of, offer_of
from retour.doors.portal.drafting import draft_of, judged, keep, order_of, pictures_of
from retour.flows import catalogue
from retour.flows import rma as returns
from retour.flows.rma import Considered, Judged
from retour.store import article as articles
from retour.web.forms import FormErrors
from retour.web.pages import see

_EXCHANGE = ResolutionKind.EXCHANGE.value


def is_swap(draft: Draft) -> bool:
    """Return whether the draft is an exchange whose articles are chosen with it."""
    return _all_exchanged(draft) and not draft.later


def _all_exchanged(draft: Draft) -> bool:
    return not draft.is_mixed and all(offer_of(way)[0] == _EXCHANGE for way in draft.ways) and bool(draft.ways)


async def show_articles(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Show what one item may be exchanged for; while the shop is being asked the page looks again by itself."""
    async with desk.here(request, handle) as here:
        asked = {name: str(request.query_params.get(name, "")) for name in ("item", "find", "words")}
        notice = None
        if request.query_params.get("check"):
            notice = here.reader.say("What you chose cannot be had as it was shown. Choose again.")
        return await _page(here, asked, FormErrors(), notice=notice)


async def take_article(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Keep which article an item is exchanged for, or that it is chosen later, and go on."""
    form = await desk.form(request, handle)
    asked = {name: form.text(name) for name in ("item", "find", "words")}
    async with desk.here(request, handle) as here:
        draft = _swapping(draft_of(here))
        if form.text("do") == "later":
            without = {ref: msgspec.structs.replace(line, article="") for ref, line in draft.lines.items()}
            await keep(here, msgspec.structs.replace(draft, lines=without, later=True))
            return see(f"{here.base}/review")
        found = await order_of(here)
        line, terms = _line(found, draft, asked["item"]), await _terms(here, draft)
        errors, kept = FormErrors(), draft.lines[line.ref]
        ref = form.text("article")
        known = await articles.known(
            here.db,
            connection_id=found.order.connection_id,
            country=found.order.order.country,
            refs=[ref],
            now=here.now,
        )
        try:
            check(known.get(ref), line, quantity=kept.quantity, terms=terms[line.ref],
                        currency=found.order.order.currency, field="article")  # fmt: skip
        except Refused as no:
            errors.add("article", picks.refused(no, here.reader) if ref else here.reader.say("Choose one of them"))
            return await _page(here, asked, errors, status=422)
        lines = {**draft.lines, line.ref: msgspec.structs.replace(kept, article=ref)}
        after = msgspec.structs.replace(draft, lines=lines)
        await keep(here, after)
        left = _missing(found, after)
        return see(f"{here.base}/articles?item={key_of(left.ref)}" if left else f"{here.base}/review")


async def find_article(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Search the shop's catalogue; the answer is shown on the page of the item."""
    form = await desk.form(request, handle)
    asked = {"item": form.text("item"), "find": "", "words": form.text("words")}
    async with desk.here(request, handle) as here:
        draft = _swapping(draft_of(here))
        found = await order_of(here)
        line = _line(found, draft, asked["item"])
        errors = FormErrors()
        ask_id = await search(here, found, asked["words"], errors)
        if ask_id is None:
            return await _page(here, asked, errors, status=422)
        query = urlencode({"item": key_of(line.ref), "find": ask_id, "words": asked["words"]})
        return see(f"{here.base}/articles?{query}#found")


async def search(here: Here, found: Considered, words: str, errors: FormErrors) -> str | None:
    """Search for an article and return the question; nothing with the error at its field."""
    try:
        asked = await catalogue.search(
            here.db, here.desk.vault, tenant_id=here.tenant_id, who=here.proven.visit.id,
            connection_id=found.order.connection_id, words=words, country=found.order.order.country, now=here.now,
        )  # fmt: skip
    except Refused as no:
        said = here.reader.say("Name what you would like instead")
        if no.code == "too_many_requests":
            said = here.reader.say_plural(
                "You can search again in %(n)s second.", "You can search again in %(n)s seconds.",
                int(no.facts.get("wait_s") or 1),
            )  # fmt: skip
        if no.code == "text_too_long":
            said = here.reader.say("Fewer words find more (limit %(n)s characters).", n=SEARCH_MOST)
        errors.add("words", said)
        return None
    return str(asked)


async def swap_of(here: Here, draft: Draft, found: Judged) -> Swap | None:
    """Return what the exchange of a draft comes to; nothing where no article is chosen with it.

    Raises Elsewhere to the choice where an article is missing or cannot be had as it was shown.
    """
    if not is_swap(draft):
        return None
    order = await order_of(here)
    if not await picks.is_asked(here, order.order):
        return None
    if (left := _missing(order, draft)) is not None:
        raise Elsewhere(f"/articles?item={key_of(left.ref)}")
    try:
        return await returns.swap_of(here.db, found, draft.wishes(order.order.order), now=here.now)
    except Refused as no:
        raise Elsewhere("/articles?check=1") from no


async def chooses(here: Here, draft: Draft) -> bool:
    """Return whether the next page of a draft is the choice of the article."""
    return is_swap(draft) and await picks.is_asked(here, (await order_of(here)).order)


async def _page(
    here: Here, asked: Mapping[str, str], errors: FormErrors, *, status: int = 200, notice: str | None = None
) -> Response[Any]:
    draft = _swapping(draft_of(here))
    found = await order_of(here)
    if not await picks.is_asked(here, found.order):
        raise Elsewhere("/review")
    line, whole = _line(found, draft, asked["item"]), await _judged(here, draft)
    kept, terms = draft.lines[line.ref], await _terms(here, draft)
    shelf = await picks.shelf_of(
        here, found.order, line, quantity=kept.quantity, terms=terms[line.ref], chosen=kept.article,
        find=asked["find"], words=asked["words"], cost=_cost(found, draft, line, whole, terms),
    )  # fmt: skip
    images = await pictures_of(here.db, found.order.order)
    left = [one for one in found.order.order.lines if one.ref in draft.lines]
    return here.page(
        "articles", status=status, errors=errors, notice=notice, shelf=shelf, item=key_of(line.ref), title=line.title,
        picture=images.get(line.image_url or ""), quantity=kept.quantity, nth=left.index(line) + 1, of=len(left),
        action=f"{here.base}/articles", find_action=f"{here.base}/articles/find", may_wait=True, most=SEARCH_MOST,
        again=f"{here.base}/articles?" + urlencode({**asked, "item": key_of(line.ref)}),
        back_to=(here.reader.say("Offers"), f"{here.base}/offers"), steps=True, find=asked["find"],
    )  # fmt: skip


def _cost(
    found: Considered, draft: Draft, line: OrderLine, whole: Judged, terms: Mapping[str, ExchangeTerms]
) -> picks.Cost:
    """Return what an article for a line comes to with what is chosen for the others; nothing while one of them is open."""
    others = {ref: one.article for ref, one in draft.lines.items() if ref != line.ref}

    def cost(article: Article) -> Swap | None:
        if others:
            return None
        return swap(
            found.order.order, whole.promise.plans, {line.ref: article.ref}, {article.ref: article}, terms,
            promised=whole.promise.hash,
        )  # fmt: skip

    return cost


async def _judged(here: Here, draft: Draft) -> Judged:
    try:
        return await judged(here, draft)
    except Refused as refused:
        at = "/offers" if refused.code == "resolution_not_offered" else "/items?check=1"
        raise Elsewhere(at) from refused


async def _terms(here: Here, draft: Draft) -> Mapping[str, ExchangeTerms]:
    whole = await _judged(here, draft)
    return returns.terms_of(whole, draft.wishes(whole.order.order))


def _swapping(draft: Draft) -> Draft:
    """Return a draft that is an exchange; raise Elsewhere to what is missing first."""
    if not draft.has_reasons:
        raise Elsewhere("/reasons" if draft.lines else "/items")
    if not _all_exchanged(draft):
        raise Elsewhere("/offers")
    return draft


def _missing(found: Considered, draft: Draft) -> OrderLine | None:
    lines = found.order.order.lines
    return next((one for one in lines if one.ref in draft.lines and not draft.lines[one.ref].article), None)


def _line(found: Considered, draft: Draft, key: str) -> OrderLine:
    """Return the line that a page is about: the named one, else the first without an article, else the first."""
    mine = [one for one in found.order.order.lines if one.ref in draft.lines]
    named = next((one for one in mine if key_of(one.ref) == key), None)
    if not mine:
        raise Elsewhere("/items")
    return named or _missing(found, draft) or mine[0]
