"""Where the goods of a draft go: to the address of the order, or where its shopper is now."""

import pytest

from retour.connectors.http import Http
from retour.connectors.shopify import ShopifyConnector
from retour.core.effect import EffectKind
from retour.core.postal import PostalAddress
from tests.connectors.shopify.builders import an_effect, answered

CONNECTOR = ShopifyConnector(Http())


@pytest.mark.parametrize(
    ("region", "street", "parts"),
    [
        ("BE", ("Neue Gasse 2",), {"address1": "Neue Gasse 2", "provinceCode": "BE"}),
        ("Bern", ("Neue Gasse 2", "Hof", "3. Stock"), {"address1": "Neue Gasse 2", "address2": "Hof, 3. Stock"}),
    ],
)
def test_goods_of_a_draft_go_where_the_shopper_is_now(
    region: str, street: tuple[str, ...], parts: dict[str, str]
) -> None:
    to = PostalAddress("Ann Maria Neu", street, "Bern", "CH", "3011", region=region)
    effect = an_effect(EffectKind.DRAFT_EXCHANGE, ship_to=to)

    before, now = (
        CONNECTOR.read_guard(one, answered("buyer_of")) for one in (an_effect(EffectKind.DRAFT_EXCHANGE), effect)
    )

    assert before is not None
    assert now is not None
    old, new = before["person"], now["person"]
    assert isinstance(old, dict)
    assert isinstance(new, dict)
    phone = {"phone": old["shippingAddress"]["phone"]} if "phone" in old["shippingAddress"] else {}
    assert new == old | {
        "shippingAddress": {
            "firstName": "Ann Maria", "lastName": "Neu", "city": "Bern", "zip": "3011", "countryCode": "CH", **parts,
            **phone,
        }
    }  # fmt: skip
