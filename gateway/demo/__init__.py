"""Simulated trading partners around a real gateway: the main job, shown in under a minute."""
