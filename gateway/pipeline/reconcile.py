"""Station 9: what partners acknowledge of what we sent them."""
