"""The sandbox shop: a stateful stand-in of a Shopify store's Admin GraphQL API, with its own arithmetic."""
