"""What a payment settles, decided from values alone: no clock, no database, no file (DOMAIN 5, 6, 8.4 to 8.7)."""
