"""Photos: made harmless on the way in, kept sealed, shown to the staff of the account and to the shopper alone."""
