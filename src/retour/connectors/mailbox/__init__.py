"""Reading a merchant's mailbox over IMAP."""
