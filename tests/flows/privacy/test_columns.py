"""Every column that can hold a text is judged: free of people by its name or its own, or emptied by an erasure."""

from typing import Any

import pytest

pytestmark = pytest.mark.anyio
COLUMNS = r"""
SELECT c.relname || '.' || a.attname AS place, a.attname AS name
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND n.nspname = 'public'
   AND EXISTS (SELECT FROM pg_attribute t WHERE t.attrelid = c.oid AND t.attname = 'tenant_id')
   AND format_type(a.atttypid, NULL) ~ '^(text|character|bytea|json)'
"""


def named(text: str) -> frozenset[str]:
    """Return the words of a list."""
    return frozenset(text.split())


# What a column of this name is in every table: a code, an id of ours or of another system, a hash, a figure.
CODES = named(
    """
    actor admitted_by against asked_by author blocked_actor blocked_code business_ref capture_ref carried_by carrier
    cause changed_by changes channel class closed_by comparison content_sha256 currency decided_by destination did
    disposition ended_by escalated_code failure far_code far_id far_status gateway grade handed_to idem_key kind
    language line_ref list location_ref media method mode moment object_ref outcome owner plan_hash platform
    previous_sha256 priority proven_by published_by reference refund_master refusal removed_by reported_by
    request_hash resolution resolved_by resource_kind restock_master return_master role second_because second_by
    secret_sha256 serial_key settle_on sha256 shop_currency standard_group state status tag_on timezone token_sha256
    topic topics type verdict what why withdrawn_by
    """
)
# The merchant's own, the staff's, and what describes goods, money and calls.
FREE = named(
    """
    account.name alarm.facts alarm.subject api_key.name  blocker_limit.code card_hold.decided card_hold.intent_ref
    card_hold.owes card_hold.page_ref card_hold.problem card_hold.units connection.base_url
    connection.far_name connection.health connection.sealed_read connection.sealed_webhook_secrets
    connection.sealed_write connection.settings delivery.last_problem discrepancy.next_step dock_scan.code
    dock_scan.nonce effect.guard_before exchange.figures exchange_order.articles exchange_order.back
    exchange_order.draft_ref exchange_order.figures exchange_order.order_ref
    fee_invoice.back fee_invoice.draft_ref fee_invoice.order_ref fee_invoice.parts fraud_limit.appeal
    goods_observation.code inbox.event_id inbox.problem inbox.source intake.candidates intake.external_id
    intake.source isv.name isv_service.isv_name kit.parts kit.sku label.problem ledger_account.path look.brand_hex
    look.contact_email look.contact_url look.default_language look.handle look.logo look.logo_type look.name
    look.return_address look.sender_name look.texts mail.message_id mail_sender.address mail_sender.reply_to
    mail_sender.silent mail_sender.staff_address money_guard.changed_by payment_capture.ref picture.problem
    picture.url picture.webp policy_version.document privacy_request.facts privacy_request.far_ref reason.applies
    reason.code reason.platform_reason reason.questions reason.texts resolution.integration resolution.texts
    retention.class return_address.address return_address.code return_address.instructions return_line.reason
    rma.announced rma.blocked_evidence rma.promised rma.risk_signals sales_order.carried sales_order.far_ref
    sales_order.name sales_order.name_folded saved_view.name session.user_agent settlement.plan
    settlement.platform_quote settlement.reasons settlement.sent_carrier settlement.sent_number settlement.units
    settlement_line.ref settlement_line.taxes shipment.tracking_number simulation.baseline simulation.candidate
    simulation.imported simulation.name simulation.result simulation_affected.document staff.email staff.email_folded
    staff.name staff.password_hash store.notify_only store.paused_because store.paused_by store.shop_name
    sync_cursor.cursor sync_cursor.problem sync_cursor.subject visit_code.code_hmac visit_limit.key
    catalogue_ask.articles catalogue_ask.country catalogue_ask.problem wanted_article.article wanted_article.shown
    webhook_endpoint.disabled_reason webhook_endpoint.sealed_secrets webhook_endpoint.url
    withdrawal.escalated
    """
)
# Sealed for the house, or gone with an answer of seconds, and gone within a day or an hour by themselves.
SHORT_LIVED = named("catalogue_ask.key catalogue_ask.question idempotency.body idempotency.key visit.asked_sealed")
# Emptied, or searched for the person's name, by an erasure: `Canary` writes into them, or their key is destroyed.
ERASED = named(
    """
    discrepancy.details effect.message effect.result effect.target effect_observation.message event.data
    card_hold.back_url card_hold.customer_ref card_hold.method_ref card_hold.page_url
    exchange_order.pay_url exchange_order.problem fee_invoice.pay_url fee_invoice.problem fee_waiver.reason
    goods_observation.note inbox.body_sealed inbox.facts
    info_request.answer
    info_request.question inspection.note intake.facts intake.reason intake.sealed intake_photo.sealed
    label.content_sealed mail.last_problem mail.sealed_address mail.sealed_data person.email person.email_folded
    person.far_ref person.home_country person.name person.phone person.phone_digits person.postcode_folded
    person.sealed_key person.tags person_key.key person_word.word photo.sealed privacy_archive.sealed
    return_line.answers return_line.decision return_line.message return_line.note rma.address_sealed rma.decision
    rma.decision_before
    rma_note.body rma_tag.tag rma_word.word sales_order.document sales_order.raw_sealed sales_order.ship_to_sealed
    saved_view.query second_approval.note settlement.report_note settlement.report_ref shopper_list.hint
    shopper_list.key shopper_list.reason visit.answers withdrawal.reason withdrawal.sealed
    """
)


async def test_every_column_that_can_hold_a_text_was_judged(owner: Any) -> None:
    """A new column goes to ERASED with its statement in store/privacy/forgetting.py, or to FREE if nobody is named in it."""
    rows = await owner.fetch(COLUMNS)
    judged = FREE | SHORT_LIVED | ERASED

    assert sorted(row["place"] for row in rows if row["name"] not in CODES and row["place"] not in judged) == []
    assert sorted(judged - {row["place"] for row in rows}) == []
