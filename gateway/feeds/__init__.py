"""Outbound documents made of domain values: invoice feeds for those who are entitled to them."""
