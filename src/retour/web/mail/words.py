"""The words of each kind of mail."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from retour.core.label import LabelContent, is_waived
from retour.core.letter import Letter, ToldReturn
from retour.core.mail import MailKind
from retour.core.money import Money
from retour.core.order import TenderKind
from retour.core.policy.outcome import MethodKind, ResolutionKind
from retour.core.refund import Plan
from retour.core.rma import Decision, ReturnLine, count
from retour.core.rma.moves import UNDECIDED
from retour.core.shipping import carrier_name
from retour.web.explained import explained, tender_name
from retour.web.mail import turns
from retour.web.mail.alarms import alarm
from retour.web.mail.notices import notice
from retour.web.mail.pieces import button_of, contact_of, items_of, number_of, quantity_of, return_of, title_of
from retour.web.mail.safe import their_lines, theirs
from retour.web.mail.told import Button, Item, Section, Told
from retour.web.mail.withdrawal import withdrawal_answered, withdrawal_received
from retour.web.parts import MoneyRow
from retour.web.reader import Reader
from retour.web.resolutions import IN_KIND, beside_refunds, name_of

_SENT_ON: Final = (ResolutionKind.REPAIR, ResolutionKind.REPLACEMENT)
_GRANTED: Final = frozenset({Decision.APPROVED, Decision.RESOLVED, Decision.REOPENED})


def told(letter: Letter, reader: Reader) -> Told:
    """Return what a letter says to its reader."""
    return _KINDS[letter.kind](letter, reader)


def _requested(letter: Letter, reader: Reader) -> Told:
    told_return = return_of(letter)
    number = number_of(told_return)
    return Told(
        subject=reader.say("We have your return request %(number)s", number=number),
        title=reader.say("We have your return request"),
        paragraphs=(reader.say("We look at it and write to you as soon as it is decided. Keep the items until then."),),
        button=button_of(letter, reader),
        sections=(
            Section(reader.say("What is going back"), items=items_of(told_return, told_return.rma.lines, reader)),
            Section(reader.say("What you chose"), (_chosen(told_return, reader),)),
        ),
        money_heading=reader.say("Your refund, to the cent"),
        money_note=reader.say("This is the amount if everything arrives as described."),
        money=_money(told_return.promised, told_return, reader),
        closing=(reader.say("You can cancel until you hand the parcel over."), *contact_of(letter, reader)),
    )


def _approved(letter: Letter, reader: Reader) -> Told:
    told_return = return_of(letter)
    lines = told_return.rma.lines
    granted = [line for line in lines if line.decision in _GRANTED]
    refused = [line for line in lines if line.decision is Decision.REJECTED]
    waiting = [line for line in lines if line.decision in UNDECIDED]
    whole = len(granted) == len(lines)
    sections = [Section(reader.say("What is going back"), items=items_of(told_return, granted or lines, reader))]
    if refused:
        sections.append(Section(reader.say("Not approved"), items=_refused(told_return, refused, reader)))
    if waiting:
        sections.append(
            Section(
                reader.say("Not decided yet"),
                (reader.say("Keep these items until we write to you again."),),
                items_of(told_return, waiting, reader),
            )
        )
    if told_return.relabelled and letter.papers:
        subject = reader.say("Your new label for the return %(number)s", number=number_of(told_return))
        title = reader.say("Your new label")
    elif whole:
        subject = reader.say("Your return %(number)s is approved", number=number_of(told_return))
        title = reader.say("Your return is approved")
    else:
        subject = reader.say("Part of your return %(number)s is approved", number=number_of(told_return))
        title = reader.say("Part of your return is approved")
    return Told(
        subject=subject,
        title=title,
        paragraphs=_way_back(told_return, reader, letter.papers),
        button=button_of(letter, reader),
        sections=(*_sending(letter, told_return, reader), *sections),
        money_heading=reader.say("Your refund, to the cent") if whole else "",
        money_note=reader.say("This is the amount if everything arrives as described.") if whole else "",
        money=_money(told_return.promised, told_return, reader) if whole else (),
        closing=contact_of(letter, reader),
    )


def _rejected(letter: Letter, reader: Reader) -> Told:
    told_return = return_of(letter)
    refused = [line for line in told_return.rma.lines if line.decision is Decision.REJECTED]
    whole = len(refused) == len(told_return.rma.lines)
    number = number_of(told_return)
    if whole:
        subject = reader.say("Your return %(number)s was not approved", number=number)
        title = reader.say("Your return was not approved")
        follows = reader.say("Nothing changes for you: you keep the items, and nothing is charged.")
    else:
        subject = reader.say("Part of your return %(number)s was not approved", number=number)
        title = reader.say("Part of your return was not approved")
        follows = reader.say("Keep the items named here. The rest of your return goes on as before.")
    return Told(
        subject=subject,
        title=title,
        paragraphs=(follows,),
        button=button_of(letter, reader),
        sections=(Section(reader.say("Not approved"), items=_refused(told_return, refused, reader)),),
        closing=contact_of(letter, reader),
    )


def _received(letter: Letter, reader: Reader) -> Told:
    told_return = return_of(letter)
    arrived = [line for line in told_return.rma.lines if line.received]
    open_units = sum(
        max(line.quantity - count(line.received), 0) for line in told_return.rma.lines if line.decision in _GRANTED
    )
    number = number_of(told_return)
    if open_units:
        subject = reader.say("Part of your return %(number)s has arrived", number=number)
        title = reader.say("Part of your return has arrived")
    else:
        subject = reader.say("Your return %(number)s has arrived", number=number)
        title = reader.say("Your return has arrived")
    items = tuple(
        Item(
            title_of(told_return, line, reader),
            (reader.say_plural("%(n)s piece", "%(n)s pieces", count(line.received)),),
        )
        for line in arrived
    )
    return Told(
        subject=subject,
        title=title,
        paragraphs=(reader.say("We check the items next and write to you as soon as your refund is on its way."),),
        button=button_of(letter, reader),
        sections=(Section(reader.say("What has arrived"), items=items),),
        closing=contact_of(letter, reader),
    )


def _refunded(letter: Letter, reader: Reader) -> Told:
    told_return = return_of(letter)
    plan = told_return.paid
    assert plan is not None, "a mail about a refund names its settlement"
    amount = reader.amount(Money(plan.total.presentment + plan.bonus, plan.currency))
    if told_return.paid_as is not None and told_return.paid_as[0] != ResolutionKind.REFUND_ORIGINAL:
        return _given(letter, told_return, plan, amount, reader)
    kinds = {leg.kind for leg in plan.legs}
    title = reader.say("%(amount)s is on its way", amount=amount)
    if len(kinds) == 1 and TenderKind.OTHER not in kinds:
        (kind,) = kinds
        title = reader.say("%(amount)s is on its way %(where)s", amount=amount, where=tender_name(kind, reader))
    paragraphs = (reader.say("Banks take 3 to 5 days."),) if TenderKind.CARD in kinds else ()
    return Told(
        subject=reader.say(
            "%(amount)s for your return %(number)s is on its way", amount=amount, number=number_of(told_return)
        ),
        title=title,
        paragraphs=paragraphs,
        button=button_of(letter, reader),
        money_heading=reader.say("Your refund, to the cent"),
        money=_money((plan,), told_return, reader),
        closing=contact_of(letter, reader),
    )


def _given(letter: Letter, of: ToldReturn, plan: Plan, amount: str, reader: Reader) -> Told:
    """Return what is said of something else than a refund: the shop has carried it out itself."""
    assert of.paid_as is not None
    what = _resolution(of, *of.paid_as, reader)
    title = reader.say("%(what)s: %(amount)s", what=what, amount=amount)
    if of.paid_as[0] in (ResolutionKind.EXCHANGE, *_SENT_ON) or of.rma.gift:
        title = what  # goods or work, or a gift, whose receiver is told no price
    return Told(
        subject=reader.say("%(what)s for your return %(number)s", what=what, number=number_of(of)),
        title=title,
        paragraphs=_given_how(of, reader),
        button=button_of(letter, reader),
        money_heading=reader.say("What it is worth, to the cent"),
        money=_money((plan,), of, reader),
        closing=contact_of(letter, reader),
    )


def _code(letter: Letter, reader: Reader) -> Told:
    shop = theirs(letter.front.name, reader)
    link = letter.secret.get("link")
    return Told(
        subject=reader.say("Your code for %(shop)s", shop=shop),
        title=reader.say("Your code"),
        paragraphs=(reader.say("Enter it on the page that asked for it. It works for 10 minutes."),),
        code=letter.secret.get("code", ""),
        button=Button(reader.say("See my order"), link) if link else None,
        closing=(
            reader.say("You did not ask for a code? Then there is nothing to do: nobody sees your order without it."),
        ),
    )


def _invited(letter: Letter, reader: Reader) -> Told:
    account = theirs(letter.secret.get("account") or letter.front.name, reader)
    by = letter.secret.get("invited_by")
    link = letter.secret.get("link")
    if by:
        text = reader.say(
            "%(name)s invites you to work on the returns of %(account)s.", name=theirs(by, reader), account=account
        )
    else:
        text = reader.say("You are invited to work on the returns of %(account)s.", account=account)
    return Told(
        subject=reader.say("Your invitation to %(account)s", account=account),
        title=reader.say("Your invitation to %(account)s", account=account),
        paragraphs=(text, reader.say("Choose a password, and you are in. The link works once.")),
        button=Button(reader.say("Accept the invitation"), link) if link else None,
        closing=(reader.say("You do not know anybody there? Then there is nothing to do: nothing happens by itself."),),
    )


_KINDS: Final[Mapping[MailKind, Callable[[Letter, Reader], Told]]] = {
    MailKind.RETURN_REQUESTED: _requested,
    MailKind.RETURN_APPROVED: _approved,
    MailKind.RETURN_REJECTED: _rejected,
    MailKind.RETURN_RECEIVED: _received,
    MailKind.RETURN_REFUNDED: _refunded,
    **turns.KINDS,
    MailKind.ONE_TIME_CODE: _code,
    MailKind.STAFF_INVITED: _invited,
    MailKind.STORE_ALARM: alarm,
    MailKind.STAFF_NOTICE: notice,
    MailKind.WITHDRAWAL_RECEIVED: withdrawal_received,
    MailKind.WITHDRAWAL_ANSWERED: withdrawal_answered,
}


def _refused(of: ToldReturn, lines: list[ReturnLine], reader: Reader) -> tuple[Item, ...]:
    return tuple(
        Item(title_of(of, line, reader), (quantity_of(of, line, reader),), their_lines(line.message or "", reader))
        for line in lines
    )


def _given_how(of: ToldReturn, reader: Reader) -> tuple[str, ...]:
    """Return what is on its way to the shopper, if anything is."""
    if of.paid_as is None or of.paid_as[0] not in _SENT_ON:
        return (reader.say("The shop has taken care of it."),)
    said = reader.say("Your item is repaired.")
    if of.replaced:
        said = reader.say("Your item could not be repaired. You get another one in its place.")
    if of.paid_as[0] == ResolutionKind.REPLACEMENT:
        said = reader.say("You get another one in place of yours.")
    if of.sent is None:
        return (said,)
    carrier, number = of.sent
    way = reader.say(
        "It is on its way to you: %(carrier)s, %(number)s.",
        carrier=theirs(carrier_name(carrier), reader),
        number=theirs(number, reader),
    )
    return (said, way)


def _money(plans: tuple[Plan, ...], of: ToldReturn, reader: Reader) -> tuple[MoneyRow, ...]:
    if not plans or of.rma.gift or _moves_no_money(plans, of):  # who got a gift is not told what it cost
        return ()
    return explained(plans, of.order, reader, outside=_names(of, beside_refunds(of.rma.lines), reader))


def _chosen(of: ToldReturn, reader: Reader) -> str:
    """Return what the shopper chose, each name once."""
    return _names(of, of.rma.lines, reader)


def _names(of: ToldReturn, lines: Sequence[ReturnLine], reader: Reader) -> str:
    return ", ".join(dict.fromkeys(_resolution(of, line.resolution, line.resolution_ref, reader) for line in lines))


def _moves_no_money(plans: tuple[Plan, ...], of: ToldReturn) -> bool:
    """Return whether the shopper gets an item and nothing is paid: a refund of nothing is not told."""
    if not all(line.resolution in IN_KIND for line in of.rma.lines):
        return False
    return not any(plan.total.presentment + plan.bonus or plan.billed.presentment for plan in plans)


def _resolution(of: ToldReturn, kind: str, ref: str | None, reader: Reader) -> str:
    """Return what the merchant calls a resolution, else what it usually is called."""
    return theirs(name_of(kind, ref, of.resolutions, reader, default=of.shop_language), reader)


def _way_back(of: ToldReturn, reader: Reader, papers: tuple[LabelContent, ...] = ()) -> tuple[str, ...]:
    if papers:
        return _with_papers(papers, reader)
    match of.method:
        case MethodKind.LABEL if not is_waived(of.rma):
            return (reader.say("Print the label from the page of your return and put it on the parcel."),)
        case MethodKind.DROP_OFF if not is_waived(of.rma):
            return (reader.say("Show the code from the page of your return where you hand the parcel over."),)
        case MethodKind.IN_STORE:
            return (
                reader.say("Bring the items to the shop and show %(number)s at the counter.", number=number_of(of)),
            )
        case MethodKind.KEEP_ITEM:
            return (reader.say("Keep the items: nothing needs to come back."),)
        case "nothing":
            return (reader.say("There is nothing to send. Your money follows."),)
        case _:
            return (
                reader.say("Send the items back with a carrier of your choice."),
                reader.say("Keep the receipt until your refund has arrived."),
            )


def _with_papers(papers: tuple[LabelContent, ...], reader: Reader) -> tuple[str, ...]:
    """Return what to do with the files that come along, one pair for each parcel."""
    parcels = len(papers)
    said = []
    if parcels > 1:
        said.append(
            reader.say_plural("Send %(n)s parcel.", "Send %(n)s parcels: the items go to different places.", parcels)
        )
    if any(not paper.shown for paper in papers):
        said.append(reader.say("Print the label that comes with this mail and put it on the parcel."))
    if any(paper.shown for paper in papers):
        said.append(reader.say("Show the code that comes with this mail where you hand the parcel over."))
    return (*said, reader.say("Put the packing slip into the parcel."))


def _sending(letter: Letter, of: ToldReturn, reader: Reader) -> tuple[Section, ...]:
    if of.method != MethodKind.OWN_CARRIER and not is_waived(of.rma):
        return ()
    address = their_lines(letter.front.return_address or "", reader)
    said = their_lines(letter.front.sending or "", reader)
    if not (address or said):
        return ()
    label = reader.say("Write %(number)s on the parcel.", number=number_of(of))
    return (
        Section(reader.say("Where to send it"), (*said, label), (Item(address[0], address[1:]),) if address else ()),
    )
