"""Silence as an event, pure: files that did not come, numbers that are missing, work that takes too long."""
