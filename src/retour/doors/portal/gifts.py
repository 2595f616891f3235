"""Gifts: whoever got the goods returns them for credit of their own, and the giver hands out a link for it.

Neither side learns of the other: the receiver sees no price and no person, the giver no return of a gift.
"""

from typing import Any, Final

from litestar import Response

from retour.core import link as links
from retour.core.errors import Refused
from retour.core.letter import mail_address
from retour.core.link import GIVEN_DAYS, Link
from retour.core.visit import VisitState
from retour.doors.portal.desk import AnyRequest, Desk, Elsewhere, Here, new_token, sha256
from retour.flows import visit as flow
from retour.flows.visit.typed import Typed
from retour.store import order as orders
from retour.web.forms import Form, FormErrors
from retour.web.pages import see
from retour.web.reader import Reader

NUMBER_MOST: Final = 100  # characters
CONTACT_MOST: Final = 200
NAME_MOST: Final = 200
_PARTS: Final = ("order", "until", "sign")


async def show_gift(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Show the form of somebody who got a gift and holds no link."""
    async with desk.here(request, handle) as here:
        return _gift(here, Typed(""))


async def find_gift(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Take the form; whatever it names, the same page follows."""
    form = await desk.form(request, handle)
    async with desk.here(request, handle) as here:
        errors = FormErrors()
        typed = _order(form, errors, here.reader)
        typed = _receiver(form, typed, errors, here.reader)
        if errors:
            return _gift(here, typed, status=422, errors=errors)
        try:
            await flow.ask(
                here.db, desk.vault, tenant_id=here.tenant_id, store_id=here.store_id, token_sha256=sha256(here.token),
                typed=typed, language=here.reader.language, address=here.address, now=here.now,
            )  # fmt: skip
        except Refused as refused:
            return _slowed(here, refused, typed)
        return here.keep(see(f"{here.base}/code"))


async def show_link(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Ask the holder of a gift link where the credit shall go; a link that is no good leads to the form."""
    asked = {name: str(request.query_params.get(name, "")) for name in _PARTS}
    async with desk.here(request, handle) as here:
        link = await _good(here, asked)
        if link is None:
            return _over(here)
        return _link(here, link, Typed(""))


async def take_link(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Let the holder of a gift link in, as the person they say they are."""
    form, token = await desk.form(request, handle), new_token()
    async with desk.here(request, handle) as here:
        link = await _good(here, {name: form.text(name) for name in _PARTS})
        if link is None:
            return _over(here)
        errors = FormErrors()
        typed = _receiver(form, Typed(""), errors, here.reader)
        if errors:
            return _link(here, link, typed, status=422, errors=errors)
        state = await flow.follow_link(
            here.db, desk.vault, tenant_id=here.tenant_id, store_id=here.store_id, link=link, receiver=typed,
            old_token_sha256=None if here.is_new_token else sha256(here.token), new_token_sha256=sha256(token),
            language=here.reader.language, now=here.now,
        )  # fmt: skip
        answer = see(f"{here.base}/{'items' if state is VisitState.PROVEN else 'waiting'}")
        answer.cookies.append(desk.cookie(handle, token))
        return answer


async def come_back(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Let the receiver of a gift in again by the link of their mail; one that is no good leads to the form."""
    asked = {name: str(request.query_params.get(name, "")) for name in (*_PARTS, "receiver")}
    link, token = links.read(**asked, gift=True), new_token()
    async with desk.here(request, handle) as here:
        if link is None:
            return _over(here)
        try:
            await flow.come_back(
                here.db, desk.vault, tenant_id=here.tenant_id, store_id=here.store_id, link=link,
                old_token_sha256=None if here.is_new_token else sha256(here.token), new_token_sha256=sha256(token),
                language=here.reader.language, now=here.now,
            )  # fmt: skip
        except Refused:
            return _over(here)
        answer = see(f"{here.base}/list")
        answer.cookies.append(desk.cookie(handle, token))
        return answer


async def show_given(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Show the giver, who has proven the order, the link that whoever got it can use."""
    async with desk.here(request, handle) as here:
        proven = here.proven
        if proven.gift:
            raise Elsewhere("/items")
        order = await orders.load(here.db, proven.order_id)
        assert order is not None, "a proven order is kept"
        address = await flow.portal_link(
            here.db, desk.vault, tenant_id=here.tenant_id, store_id=here.store_id, order=str(proven.order_id),
            public_url=desk.public_url, now=here.now, days=GIVEN_DAYS, gift=True,
        )  # fmt: skip
        return here.page("gift_given", address=address, days=GIVEN_DAYS, order_name=order.order.name)


async def _good(here: Here, asked: dict[str, str]) -> Link | None:
    link = links.read(order=asked["order"], until=asked["until"], sign=asked["sign"], gift=True)
    if link is None:
        return None
    is_good = await flow.is_good(
        here.db, here.desk.vault, tenant_id=here.tenant_id, store_id=here.store_id, link=link, now=here.now
    )
    return link if is_good else None


def _gift(
    here: Here, typed: Typed, *, status: int = 200, errors: FormErrors | None = None, notice: str | None = None,
    headers: dict[str, str] | None = None,
) -> Response[Any]:  # fmt: skip
    return here.page(
        "gift", status=status, errors=errors or FormErrors(), typed=typed, notice=notice, link=None, headers=headers
    )


def _link(
    here: Here, link: Link, typed: Typed, *, status: int = 200, errors: FormErrors | None = None
) -> Response[Any]:
    return here.page(
        "gift", status=status, errors=errors or FormErrors(), typed=typed, notice=None, link=links.parts(link)
    )


def _over(here: Here) -> Response[Any]:
    said = here.reader.say("This link is over or incomplete. Ask for a new one, or find the gift here.")
    return _gift(here, Typed(""), status=403, notice=said)


def _slowed(here: Here, refused: Refused, typed: Typed) -> Response[Any]:
    seconds = int(refused.facts.get("wait_s") or 0)
    said = here.reader.say_plural(
        "This was asked for many times. Try again in %(n)s second.",
        "This was asked for many times. Try again in %(n)s seconds.",
        seconds,
    )
    return _gift(here, typed, status=429, notice=said, headers={"Retry-After": str(seconds)})


def _order(form: Form, errors: FormErrors, reader: Reader) -> Typed:
    number, contact, say = form.text("number"), form.text("contact"), reader.say
    if not number:
        errors.add("number", say("Enter the order number. It stands on the slip in the parcel."))
    elif len(number) > NUMBER_MOST:
        errors.add("number", say("This is too long for an order number."))
    if not contact:
        errors.add("contact", say("Enter the postcode that the parcel was sent to."))
    elif len(contact) > CONTACT_MOST:
        errors.add("contact", say("This is too long. A postcode is enough."))
    return Typed(number, contact)


def _receiver(form: Form, typed: Typed, errors: FormErrors, reader: Reader) -> Typed:
    email, name = form.text("email"), form.text("name")
    try:
        email = mail_address(email)
    except Refused:
        errors.add("email", reader.say("Enter an e-mail address such as name@example.com."))
    if len(name) > NAME_MOST:
        errors.add("name", reader.say("This is too long."))
    return Typed(typed.number, typed.contact, email, name)
