"""The order mirror: the platform's orders in one shape, beside the counters and captures that guard them."""

from retour.store.order.mirror import Finding, Mirrored, save_mirrored
from retour.store.order.people import add_receiver, fold_postcode, is_receiver, load_person, receiver_of
from retour.store.order.record import (
    OrderRecord,
    decode,
    encode,
    find_by_far_ref,
    find_by_name,
    find_only,
    fold_name,
    load,
    lock,
    open_returns,
    raw,
    search,
)
from retour.store.order.ship_to import ship_to

__all__ = [
    "Finding",
    "Mirrored",
    "OrderRecord",
    "add_receiver",
    "decode",
    "encode",
    "find_by_far_ref",
    "find_by_name",
    "find_only",
    "fold_name",
    "fold_postcode",
    "is_receiver",
    "load",
    "load_person",
    "lock",
    "open_returns",
    "raw",
    "receiver_of",
    "save_mirrored",
    "search",
    "ship_to",
]
