"""Policy: typed documents of ordered rules, and the decision per order line and outcome group that explains itself."""
