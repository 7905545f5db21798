"""What an 834 means for the memberships on file: pure rules, no clock, no database, no file (DOMAIN 4.4 to 4.6)."""
