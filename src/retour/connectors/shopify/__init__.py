"""The Shopify Admin GraphQL connector."""
