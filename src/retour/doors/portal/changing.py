"""After sending: the shopper looks at the new article of an exchange and picks another, until it is ordered."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from litestar import Response

from retour.core.article import SEARCH_MOST, Swap, swap
from retour.core.errors import Refused
from retour.core.exchange_order import handed_in
from retour.core.ports import Article
from retour.core.rma import ReturnLine
from retour.doors.portal import picks
from retour.doors.portal.desk import AnyRequest, Desk, Here
from retour.doors.portal.draft import key_of
from retour.doors.portal.drafting import order_of, pictures_of
from retour.doors.portal.following import own_return
from retour.doors.portal.swapping import search
from retour.flows import exchange as flow
from retour.flows.exchange import Changeable
from retour.store import article as articles
from retour.store import rma as rmas
from retour.store.db import Db, Record
from retour.web.forms import FormErrors
from retour.web.pages import see


async def show(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Show what an item of a return may be exchanged for; once it is ordered, the return."""
    async with desk.here(request, handle) as here:
        row = await own_return(here, str(request.path_params["name"]))
        asked = {name: str(request.query_params.get(name, "")) for name in ("item", "find", "words")}
        return await _page(here, row, asked, FormErrors())


async def take(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Exchange an item for another article at the price that was shown."""
    form = await desk.form(request, handle)
    asked = {name: form.text(name) for name in ("item", "find", "words")}
    async with desk.here(request, handle) as here:
        row, proven = await own_return(here, str(request.path_params["name"])), here.proven
        found = await flow.changeable(here.db, rma_id=row["id"], policies=desk.policies)
        line, errors = _line(found, asked["item"]), FormErrors()
        if line is None:
            return see(f"{here.base}/R-{row['number']}")
        article, _, price = form.text("article").rpartition("|")
        if not article or not price.isdecimal() or len(price) > 15:
            errors.add("article", here.reader.say("Choose one of them"))
            return await _page(here, row, asked, errors, status=422)
    rma_id, line_id = row["id"], line.id

    async def work(db: Db) -> None:
        await flow.choose(
            db, rma_id=rma_id, order_id=proven.order_id, line_id=line_id, article=article, price_minor=int(price),
            actor=proven.actor, now=desk.clock(), policies=desk.policies,
        )  # fmt: skip

    try:
        await desk.database.run(here.tenant_id, work)
    except Refused as no:
        async with desk.here(request, handle) as here:
            errors.add("article", picks.refused(no, here.reader))
            return await _page(here, row, asked, errors, status=no.status if no.status in (409, 422) else 422)
    return see(f"{here.base}/R-{row['number']}")


async def find(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Search the shop's catalogue for another article."""
    form = await desk.form(request, handle)
    asked = {"item": form.text("item"), "find": "", "words": form.text("words")}
    async with desk.here(request, handle) as here:
        row, errors = await own_return(here, str(request.path_params["name"])), FormErrors()
        ask_id = await search(here, await order_of(here), asked["words"], errors)
        if ask_id is None:
            return await _page(here, row, asked, errors, status=422)
        query = urlencode({"item": asked["item"], "find": ask_id, "words": asked["words"]})
        return see(f"{here.base}/R-{row['number']}/article?{query}#found")


async def _page(
    here: Here, row: Record, asked: Mapping[str, str], errors: FormErrors, *, status: int = 200
) -> Response[Any]:
    back = f"{here.base}/R-{row['number']}"
    found = await flow.changeable(here.db, rma_id=row["id"], policies=here.desk.policies)
    line = _line(found, asked["item"])
    bought = None if line is None else found.order.order.line(line.line_ref)
    if line is None or bought is None or not await picks.is_asked(here, found.order):
        return see(back)
    chosen = (await articles.chosen(here.db, row["id"])).get(line.id)
    shelf = await picks.shelf_of(
        here, found.order, bought, quantity=line.quantity, terms=found.terms[line.line_ref],
        chosen=chosen.article if chosen else "", find=asked["find"], words=asked["words"],
        cost=await _cost(here, found, line),
    )  # fmt: skip
    images = await pictures_of(here.db, found.order.order)
    return here.page(
        "articles", status=status, errors=errors, notice=None, shelf=picks.with_prices(shelf), item=key_of(line.line_ref),
        title=bought.title, picture=images.get(bought.image_url or ""), quantity=line.quantity,
        nth=found.lines.index(line) + 1, of=len(found.lines), action=f"{back}/article",
        find_action=f"{back}/article/find", may_wait=False, most=SEARCH_MOST,
        again=f"{back}/article?" + urlencode({**asked, "item": key_of(line.line_ref)}),
        back_to=(f"R-{row['number']}", back), steps=False, find=asked["find"],
    )  # fmt: skip


async def _cost(here: Here, found: Changeable, line: ReturnLine) -> picks.Cost:
    """Return what an article for a line comes to, by what was promised for it; nothing where other items stand beside it."""
    plans = await rmas.promised(here.db, found.record.rma.id)
    alone = len(found.lines) == 1 and all(set(handed_in(plan)) == {line.line_ref} for plan in plans)

    def cost(article: Article) -> Swap | None:
        if not alone:
            return None
        named = {line.line_ref: article.ref}
        return swap(found.order.order, plans, named, {article.ref: article}, found.terms, promised="")

    return cost


def _line(found: Changeable, key: str) -> ReturnLine | None:
    named = next((one for one in found.lines if key_of(one.line_ref) == key), None)
    return named or next(iter(found.lines), None)
