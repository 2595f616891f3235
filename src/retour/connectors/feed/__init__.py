"""Another system of the merchant's that sends returns and orders as signed messages."""
