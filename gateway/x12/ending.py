"""Whether a file that begins as X12 has its end: what no timer and no size can tell (LESSONS 9, item 4)."""

import os
from typing import BinaryIO

from gateway.x12.check_envelope import ISA_BYTES, read_isa
from gateway.x12.check_source import PADDING

_BOM = b"\xef\xbb\xbf"
_HEAD_BYTES = 4096
_TAIL_BYTES = 1 << 16  # what may follow the last IEA, such as a line from whoever forwarded the file
_CONTROL_NUMBER_DIGITS = 9  # of IEA02


def breaks_off(stream: BinaryIO) -> bool:
    """Tell whether the seekable `stream` begins with ISA and ends before the IEA that belongs to its last ISA.

    Only the two ends of the file are read. What is no X12 does not break off; what its counts say is the check's.
    """
    stream.seek(0)
    head = stream.read(_HEAD_BYTES).removeprefix(_BOM).lstrip(PADDING)
    if not head or not (head.startswith(b"ISA") or b"ISA".startswith(head)):
        return False
    isa = read_isa(head, 0)
    if isa is None:
        return len(head) < ISA_BYTES
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - _TAIL_BYTES))
    tail = stream.read(_TAIL_BYTES).rstrip(PADDING)
    terminator, separator = (mark.encode("latin-1") for mark in (isa.delimiters.segment, isa.delimiters.element))
    segments = [segment.strip(PADDING) for segment in tail.split(terminator)]
    last_end = max((n for n, segment in enumerate(segments) if segment.startswith(b"IEA" + separator)), default=None)
    if last_end is None:
        return True
    if any(segment.startswith(b"ISA") for segment in segments[last_end + 1 :]):
        return True
    is_last = last_end == len(segments) - 1  # no terminator follows it: it may itself be cut
    return is_last and len(segments[last_end].split(separator)[-1]) < _CONTROL_NUMBER_DIGITS
