"""How values are declared: dataclasses that the type checker keeps from being changed."""

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

_T = TypeVar("_T")


@dataclass_transform(frozen_default=True, eq_default=True)
def value(cls: type[_T]) -> type[_T]:
    """Make `cls` a value: slots, equality and a hash by its fields, which nothing may change after it is made.

    Only the type checker says so: `dataclass(frozen=True)` would say it while running too, but sets each field by a
    call, which makes a value of a dozen fields three times as dear. Values that are made for every member of a file are
    declared so.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)
