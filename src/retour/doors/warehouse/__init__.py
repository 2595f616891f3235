"""The warehouse's door: scan a parcel, receive it, inspect it unit by unit; for a handheld, a scanner or a keyboard."""
