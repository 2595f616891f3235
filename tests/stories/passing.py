"""What lets the time come that everything open waits for, as statements for one tenant ($1)."""

TIME_PASSES = (
    """UPDATE effect SET due_at = clock_timestamp()
        WHERE tenant_id = $1 AND state IN ('intent', 'sending', 'pending', 'unknown') AND parked_at IS NULL""",
    "UPDATE settlement SET due_at = clock_timestamp() WHERE tenant_id = $1 AND due_at IS NOT NULL",
    "UPDATE settlement SET not_before = clock_timestamp() WHERE tenant_id = $1 AND not_before > clock_timestamp()",
    "UPDATE rma SET approve_at = clock_timestamp() WHERE tenant_id = $1 AND approve_at > clock_timestamp()",
    "UPDATE rma SET due_at = clock_timestamp() WHERE tenant_id = $1 AND due_at IS NOT NULL",
    "UPDATE exchange_order SET due_at = clock_timestamp() WHERE tenant_id = $1 AND due_at IS NOT NULL",
    "UPDATE card_hold SET due_at = clock_timestamp() WHERE tenant_id = $1 AND due_at IS NOT NULL",
    "UPDATE fee_invoice SET due_at = clock_timestamp() WHERE tenant_id = $1 AND due_at IS NOT NULL",
)
