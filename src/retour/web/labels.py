"""The label and the packing slip of a parcel as files, in a reader's language."""

from enum import StrEnum
from typing import Any, Final

from retour.core import zpl
from retour.core.brand import DEFAULT, palette
from retour.core.label import LabelContent
from retour.core.look import Look
from retour.web import papers
from retour.web.barcodes import code_128, qr_png, qr_svg
from retour.web.postal import postal_lines
from retour.web.reader import Reader

_A6: Final = (105, 148)  # mm
_INCHES: Final = (101.6, 152.4)  # mm, 4 by 6 inches


class LabelFile(StrEnum):
    """What a parcel's papers come as; the value is how an address and a file name end."""

    A6 = "a6.pdf"
    INCHES = "4x6.pdf"
    ZPL = "zpl"
    QR_PNG = "qr.png"
    QR_SVG = "qr.svg"
    SLIP = "packing-slip.pdf"


MEDIA: Final = {
    LabelFile.A6: "application/pdf",
    LabelFile.INCHES: "application/pdf",
    LabelFile.ZPL: "application/zpl",
    LabelFile.QR_PNG: "image/png",
    LabelFile.QR_SVG: "image/svg+xml",
    LabelFile.SLIP: "application/pdf",
}


def file_name(content: LabelContent, kind: LabelFile) -> str:
    """Return what a file is called: R-10482-2.a6.pdf for the second parcel of several."""
    parcel = f"-{content.parcel}" if content.parcels > 1 else ""
    return f"{content.code}{parcel}.{kind.value}" if kind is LabelFile.ZPL else f"{content.code}{parcel}-{kind.value}"


def mailed(content: LabelContent) -> tuple[LabelFile, LabelFile]:
    """Return the files that a mail brings: what goes onto the parcel, or is shown at the counter, and what goes into it."""
    outside = LabelFile.QR_PNG if content.shown else LabelFile.INCHES if content.inches else LabelFile.A6
    return outside, LabelFile.SLIP


async def label_file(content: LabelContent, kind: LabelFile, *, look: Look | None, reader: Reader) -> bytes:
    """Return one file of a parcel, the same bytes for the same content and reader; raise Refused(paper_not_ready)."""
    match kind:
        case LabelFile.A6:
            return await papers.render("label", label_data(content, reader, size=_A6))
        case LabelFile.INCHES:
            return await papers.render("label", label_data(content, reader, size=_INCHES))
        case LabelFile.SLIP:
            logo = look.logo.content if look and look.logo else None
            return await papers.render("slip", slip_data(content, look, reader), logo=logo)
        case LabelFile.QR_PNG:
            return qr_png(content.code)
        case LabelFile.QR_SVG:
            return qr_svg(content.code).encode()
        case LabelFile.ZPL:
            return zpl.zpl(printed(content, reader)).encode()


def label_data(content: LabelContent, reader: Reader, *, size: tuple[float, float]) -> dict[str, Any]:
    """Return what a label shows, as plain data; sizes in millimetres."""
    words = printed(content, reader)
    return {
        "language": reader.language,
        "direction": reader.dir,
        "width": size[0],
        "height": size[1],
        "title": reader.say("Label of return %(number)s", number=content.code),
        "from": words.from_heading,
        "sender": list(words.sender),
        "to_heading": words.to_heading,
        "to": list(words.to),
        "parcel": words.parcel,
        "code": content.code,
        "bars": code_128(content.code),
        "qr": qr_svg(content.code),
        "instructions": content.said(reader.language),
    }


def printed(content: LabelContent, reader: Reader) -> zpl.Printed:
    """Return the words of a label."""
    return zpl.Printed(
        code=content.code,
        parcel=parcel_words(content, reader),
        from_heading=reader.say("Sender"),
        sender=postal_lines(content.sender, reader, home=content.to.country),
        to_heading=reader.say("Recipient"),
        to=postal_lines(content.to, reader, home=content.sender.country),
        instructions=zpl.wrapped(content.said(reader.language)),
    )


def parcel_words(content: LabelContent, reader: Reader) -> str:
    """Return which of how many parcels it is, or nothing where there is one."""
    if content.parcels == 1:
        return ""
    n, of = reader.number(content.parcel), reader.number(content.parcels)
    return reader.say("Parcel %(n)s of %(of)s", n=n, of=of)


def slip_data(content: LabelContent, look: Look | None, reader: Reader) -> dict[str, Any]:
    """Return what a packing slip shows, as plain data; the reasons of the return are not on it."""
    say, words = reader.say, printed(content, reader)
    title = say("Packing slip of return %(number)s", number=content.code)
    about = say("Order %(order)s", order=content.order_name)
    return {
        "language": reader.language,
        "direction": reader.dir,
        "colour": palette((look.brand_hex if look else None) or DEFAULT).light.text,
        "shop": look.name if look else "",
        "title": title,
        "about": f"{about} · {words.parcel}" if words.parcel else about,
        "code": content.code,
        "bars": code_128(content.code),
        "from": words.from_heading,
        "sender": list(words.sender),
        "to_heading": words.to_heading,
        "to": list(words.to),
        "item_heading": say("In this parcel"),
        "quantity_heading": say("Units"),
        "items": [
            {"title": item.title, "sku": item.sku, "quantity": reader.number(item.quantity)} for item in content.items
        ],
        "put": say("Put this page into the parcel."),
        "instructions": content.said(reader.language),
        "footer": f"{title}, {about}",
    }
