"""What the capability records promise is what the sandbox shop shows, sent once and sent again."""

from dataclasses import replace
from typing import Any

from retour.core.effect import EffectKind, OpenReturn
from retour.core.ports import Verdict
from tests.connectors.shopify.carrying import carry, guarded, prepared
from tests.connectors.shopify.live_shop import LiveShop
from tests.connectors.shopify.test_shopify_sandbox import run


def test_the_records_promise_what_the_shop_shows() -> None:
    async def story(shop: LiveShop) -> Any:
        reference, twice = {}, {}
        for kind, record in shop.connector.records.items():
            effect = await prepared(shop, kind)
            if isinstance(effect.target, OpenReturn):
                line = replace(effect.target.lines[0], quantity=1)
                effect = replace(effect, target=replace(effect.target, lines=(line,)))
            first = await carry(shop, effect)
            books = await shop.get("books")
            again = await carry(shop, effect)
            moved = await shop.get("books") != books
            answer = await shop.connector.send(shop.at, shop.connector.build_readback(effect))
            reference[kind] = effect.reference.encode() in answer.body
            assert reference[kind] == (record.searchable_reference is not None), kind
            twice[kind] = (first.verdict, again.verdict, moved)
        return twice

    done, refused = (Verdict.OK, Verdict.OK, False), (Verdict.OK, Verdict.REJECTED, False)
    answered = (Verdict.OK, Verdict.UNKNOWN, False)  # a request is answered once: reading it back tells how
    assert run(story) == {
        EffectKind.REQUEST_RETURN: (Verdict.OK, Verdict.OK, True),
        EffectKind.APPROVE_RETURN: answered,
        EffectKind.DECLINE_RETURN: answered,
        EffectKind.OPEN_RETURN: (Verdict.OK, Verdict.OK, True),  # no key, and a unit was left: never send it blindly
        EffectKind.REMOVE_FROM_RETURN: (Verdict.OK, Verdict.OK, True),  # no key, and a unit stayed: read back first
        EffectKind.PROCESS_RETURN: refused,  # every unit was taken at once
        EffectKind.CLOSE_RETURN: done,
        EffectKind.CANCEL_RETURN: refused,
        EffectKind.REFUND_TENDER: done,
        EffectKind.RESTOCK: done,
        EffectKind.TAG: done,
        EffectKind.UNTAG: done,
        EffectKind.NOTE: done,
        EffectKind.DRAFT_EXCHANGE: (Verdict.OK, Verdict.OK, True),  # no key: found by our tag, never sent blindly
        EffectKind.RELEASE_EXCHANGE: answered,
        EffectKind.INVOICE_EXCHANGE: done,
        EffectKind.DROP_EXCHANGE: answered,
        EffectKind.DRAFT_FEE: (Verdict.OK, Verdict.OK, True),
        EffectKind.CANCEL_EXCHANGE: (Verdict.PENDING, Verdict.UNKNOWN, False),
    }


def test_harmless_repeats_change_nothing() -> None:
    async def story(shop: LiveShop) -> Any:
        seen = {}
        for kind in [k for k, record in shop.connector.records.items() if record.repeat_harmless]:
            effect = await prepared(shop, kind)
            await carry(shop, effect)
            books = await shop.get("books")
            again = await carry(shop, await guarded(shop, effect))
            seen[kind] = (again.verdict, await shop.get("books") == books)
        return seen

    repeated = run(story)

    assert repeated == dict.fromkeys(
        (EffectKind.CLOSE_RETURN, EffectKind.TAG, EffectKind.UNTAG, EffectKind.NOTE), (Verdict.OK, True)
    )
