"""Simulated trading partners for the demo and the tests."""
