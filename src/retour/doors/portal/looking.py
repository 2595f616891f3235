"""The first pages: name the order, type the code, or follow a signed link; what is not proven is not shown."""

from typing import Any, Final

from litestar import Response

from retour.core import link as links
from retour.core.errors import Refused
from retour.core.visit import BETWEEN_ASKS, CODE_DIGITS, CodeAnswer, Tried, VisitState, fold_code, wait_s
from retour.doors.portal.desk import AnyRequest, Desk, Elsewhere, Here, new_token, sha256
from retour.flows import visit as flow
from retour.flows.visit.typed import Typed
from retour.store.visit import Visit
from retour.web.forms import Form, FormErrors
from retour.web.pages import see

NUMBER_MOST: Final = 100  # characters
CONTACT_MOST: Final = 200
WAITING: Final = frozenset({VisitState.ASKED, VisitState.SENT, VisitState.UNMATCHED, VisitState.STAFF})


async def show_start(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Show the form that finds an order; a shopper who is in already goes on where they were."""
    async with desk.here(request, handle) as here:
        again = request.query_params.get("again") == "1"
        if here.visit is not None and here.visit.state is VisitState.PROVEN and not again:
            return here.keep(see(f"{here.base}/items"))
        return _start(here, again=again)


async def find_order(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Take the form; whatever it names, the same page follows."""
    form = await desk.form(request, handle)
    typed = Typed(form.text("number"), form.text("contact"))
    async with desk.here(request, handle) as here:
        errors = _wrong(typed, here)
        if errors:
            return _start(here, status=422, errors=errors, typed=typed)
        try:
            await flow.ask(
                here.db, desk.vault, tenant_id=here.tenant_id, store_id=here.store_id, token_sha256=sha256(here.token),
                typed=typed, language=here.reader.language, address=here.address, now=here.now,
            )  # fmt: skip
        except Refused as refused:
            return _slowed(here, refused, typed)
        return here.keep(see(f"{here.base}/code"))


async def show_code(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Show the field for the code."""
    async with desk.here(request, handle) as here:
        return _code(here, _waiting(here))


async def try_code(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Take a code; the right one lets the browser in under a new token."""
    form = await desk.form(request, handle)
    token = new_token()
    async with desk.here(request, handle) as here:
        visit, errors = _waiting(here), FormErrors()
        if fold_code(form.text("code")) is None:
            errors.add("code", here.reader.say("Enter the code from the mail. It has %(n)s digits.", n=CODE_DIGITS))
            return _code(here, visit, status=422, errors=errors, form=form)
        tried = await flow.try_code(
            here.db, desk.vault, tenant_id=here.tenant_id, visit=visit, typed=form.text("code"),
            new_token_sha256=sha256(token), now=here.now,
        )  # fmt: skip
        if tried.answer is CodeAnswer.FITS:
            return _let_in(here, token)
        errors.add("code", _said(tried, here))
        return _code(here, visit, status=422, errors=errors)


async def send_again(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Ask for another code."""
    await desk.form(request, handle)
    async with desk.here(request, handle) as here:
        visit, errors = _waiting(here), FormErrors()
        try:
            await flow.ask_again(
                here.db, desk.vault, tenant_id=here.tenant_id, visit=visit, language=here.reader.language,
                address=here.address, now=here.now,
            )  # fmt: skip
        except Refused as refused:
            if "wait_s" not in refused.facts:
                raise Elsewhere("") from refused
            errors.add("code", here.reader.say_plural(
                "You can ask for another code in %(n)s second.", "You can ask for another code in %(n)s seconds.",
                int(refused.facts["wait_s"] or 0),
            ))  # fmt: skip
            return _code(here, visit, status=429, errors=errors)
        return see(f"{here.base}/code?again=1")


async def follow_link(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Let the holder of a good link in; any other is shown the form."""
    asked = {name: str(request.query_params.get(name, "")) for name in ("order", "until", "sign")}
    link = links.read(order=asked["order"], until=asked["until"], sign=asked["sign"]) or links.Link(
        "", desk.clock(), ""
    )
    token = new_token()
    async with desk.here(request, handle) as here:
        try:
            state = await flow.follow_link(
                here.db, desk.vault, tenant_id=here.tenant_id, store_id=here.store_id, link=link,
                old_token_sha256=None if here.is_new_token else sha256(here.token), new_token_sha256=sha256(token),
                language=here.reader.language, now=here.now,
            )  # fmt: skip
        except Refused:
            said = here.reader.say("This link is over or incomplete. Find your order here instead.")
            return _start(here, status=403, notice=said)
        return _let_in(here, token, "items" if state is VisitState.PROVEN else "waiting")


async def show_waiting(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Say that the order of a link is being fetched; the page looks again by itself."""
    async with desk.here(request, handle) as here:
        state = here.visit.state if here.visit else None
        if state is VisitState.FETCHING:
            return here.page("waiting")
        if state is VisitState.MISSING:
            said = here.reader.say("The shop does not know this order yet. Try the link again later.")
            return _start(here, status=404, notice=said)
        return here.keep(see(f"{here.base}/items" if state is VisitState.PROVEN else here.base))


async def leave(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Forget this browser's visit: somebody else, or another order, starts over."""
    await desk.form(request, handle)
    async with desk.here(request, handle) as here:
        if here.visit is not None:
            await flow.close(here.db, visit_id=here.visit.id, now=here.now)
        answer = see(here.base)
        answer.delete_cookie(desk.cookie_name(handle), path="/")
        return answer


def _start(
    here: Here,
    *,
    status: int = 200,
    errors: FormErrors | None = None,
    typed: Typed | None = None,
    notice: str | None = None,
    again: bool = False,
    headers: dict[str, str] | None = None,
) -> Response[Any]:
    if again:
        notice = here.reader.say("You were away for a while. Confirm once more that it is you; your answers are kept.")
    return here.page(
        "start", status=status, errors=errors or FormErrors(), typed=typed or Typed(""), notice=notice, headers=headers,
        greeting=here.portal.look.text(here.reader.language).greeting,
    )  # fmt: skip


def _code(
    here: Here, visit: Visit, *, status: int = 200, errors: FormErrors | None = None, form: Form | None = None
) -> Response[Any]:
    return here.page(
        "code",
        status=status,
        errors=errors or FormErrors(),
        typed=form.text("code") if form else "",
        again_in=wait_s(visit.asked_at + BETWEEN_ASKS, here.now),
        gift=visit.gift,
    )


def _wrong(typed: Typed, here: Here) -> FormErrors:
    errors, say = FormErrors(), here.reader.say
    if not typed.number:
        errors.add("number", say("Enter the order number. It stands in the mail that confirmed your order."))
    elif len(typed.number) > NUMBER_MOST:
        errors.add("number", say("This is too long for an order number."))
    if not typed.contact:
        errors.add("contact", say("Enter the e-mail address, phone number or postcode of the order."))
    elif len(typed.contact) > CONTACT_MOST:
        errors.add("contact", say("This is too long. One of the three is enough."))
    return errors


def _slowed(here: Here, refused: Refused, typed: Typed) -> Response[Any]:
    seconds = int(refused.facts.get("wait_s") or 0)
    said = here.reader.say_plural(
        "Many orders were asked for from your network. Try again in %(n)s second.",
        "Many orders were asked for from your network. Try again in %(n)s seconds.",
        seconds,
    )
    return _start(here, status=429, typed=typed, notice=said, headers={"Retry-After": str(seconds)})


def _waiting(here: Here) -> Visit:
    """Return the visit that waits for a code; raise Elsewhere for one that does not."""
    if here.visit is None:
        raise Elsewhere("")
    if here.visit.state not in WAITING:
        raise Elsewhere("/items" if here.visit.state is VisitState.PROVEN else "/waiting")
    return here.visit


def _said(tried: Tried, here: Here) -> str:
    match tried.answer:
        case CodeAnswer.EXPIRED:
            return here.reader.say("This code has expired. Your answers are kept. Send a new one.")
        case CodeAnswer.WRONG:
            return here.reader.say_plural(
                "That code does not fit. You have %(n)s more try.",
                "That code does not fit. You have %(n)s more tries.",
                tried.left,
            )
        case _:
            return here.reader.say("That code does not fit, and it was the last try. Send a new one.")


def _let_in(here: Here, token: str, to: str = "items") -> Response[Any]:
    answer = see(f"{here.base}/{to}")
    answer.cookies.append(here.desk.cookie(here.portal.look.handle, token))
    return answer
