"""The Shopify connector: Admin GraphQL API, pinned version, keyed refunds, read-back for everything else."""

from .client import ShopifyConnector
from .records import records
from .webhooks import ShopifyInbound

__all__ = ["ShopifyConnector", "ShopifyInbound", "records"]
