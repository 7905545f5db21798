"""Automatic invoice requests, prices, and bills by difference: pure rules, values in and values out."""
