"""Trading partners as data: profiles, accounts, rates, and the loader that checks them whole."""
