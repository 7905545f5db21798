"""Every station is tried with real parts."""

from tests.unit.pipeline.house import _template, house, make_house

__all__ = ["_template", "house", "make_house"]
