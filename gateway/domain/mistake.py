"""Mistakes in configuration, as values: all of them are collected, none stops the search (DESIGN, decision 12)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One mistake in a configuration file; it never quotes what might be a secret.

    `file` is the file's path relative to the home, or `environment`; `key` is dotted (`sftp.port`, `expects[2].day`
    with the entries of a list counted from 1), `line 7` where a file cannot be read further, or empty when the file
    as a whole is meant; `problem` says what is wrong and `remedy` what would be right.
    """

    file: str
    key: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.file}: {self.key}" if self.key else self.file
        return f"{place}: {self.problem}; {self.remedy}"
