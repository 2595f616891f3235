"""Stripe: amounts authorised on a card, made anew without the shopper, captured or let go (docs.stripe.com/api)."""
