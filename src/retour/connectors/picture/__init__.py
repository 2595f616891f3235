"""Pictures of goods, from wherever a platform keeps them."""
