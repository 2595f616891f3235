"""What the merchant's desk shows, read in a few statements a page; nothing is decided from these."""
