"""The segments of one interchange, one after the other, whatever lies between them."""

from gateway.domain.exchange import Delimiters
from gateway.domain.finding import Place
from gateway.x12.reader import BLANKS, LINE_ENDS, Window, text_of

PADDING = BLANKS + b"\x00\x1a"
"""What transports leave around segments and after the last one."""


_PADDINGS = frozenset({b"", *(bytes([each]) for each in PADDING)})


class Source:
    """Reads segments off a window.

    After `next`, `at` is where in the window's data the last segment begins and `raw` its bytes without terminator and
    line ends. `indented` says that blanks stood before its id, `cut_off` that the file ended before its terminator,
    `too_long` that it was over the limit and skipped.
    """

    __slots__ = ("_longest", "_separator", "at", "cut_off", "indented", "raw", "terminator", "too_long", "window")

    def __init__(self, window: Window, marks: Delimiters, *, longest: int) -> None:
        """Read from where `window` stands; a segment of more than `longest` bytes is skipped."""
        self.window = window
        self.terminator = marks.segment.encode("latin-1")
        self._separator = marks.element
        self._longest = longest
        self.at = window.at
        self.raw = b""
        self.indented = False
        self.cut_off = False
        self.too_long = False

    @property
    def is_odd(self) -> bool:
        """Whether the bytes of the last segment themselves are at fault."""
        return self.indented or self.cut_off or self.too_long

    def next(self) -> list[str] | None:
        """Return the elements of the next segment, the tag first; None at the end of the file, where `at` then is.

        Empty segments are passed over. One that is too long has the one element "".
        """
        window = self.window
        while True:
            end = window.data.find(self.terminator, window.at)
            if end < 0:
                end = self._bring_end()
            self.too_long = end < 0 and not window.ended
            if self.too_long:
                self.at = window.at
                self._skip()
                return [""]
            self.cut_off = end < 0
            stop = len(window.data) if self.cut_off else end
            raw = window.data[window.at : stop].strip(LINE_ENDS)
            self.indented = False
            if self.cut_off or raw[:1] in _PADDINGS:
                bare = raw.lstrip(PADDING)
                self.indented = bool(bare) and len(bare) < len(raw)
                raw = bare.rstrip(PADDING) if self.cut_off else bare
                if self.cut_off and not raw:
                    self.at = stop
                    return None
            self.raw = raw
            self.at = window.data.find(raw, window.at)
            window.at = stop + (not self.cut_off)
            if raw:
                return text_of(raw).split(self._separator)

    def peek(self) -> list[str]:
        """Return the elements of the segment after this one without moving, `[""]` where none is at hand."""
        data, start = self.window.data, self.window.at
        end = data.find(self.terminator, start)
        return text_of(data[start : max(end, start)].strip(PADDING)).split(self._separator)

    def place(self, tag: str) -> Place:
        """Return the place of the last segment, outside of any set."""
        return Place(tag[:3] or None, line=self.window.line(self.at), byte=self.window.byte(self.at))

    def look_ahead(self, size: int) -> None:
        """Bring `size` bytes from the last segment on into the window, if the file has them."""
        window = self.window
        if len(window.data) - self.at >= size or window.ended:
            return
        length = window.at - self.at
        window.at = self.at
        window.ensure(size)
        self.at = window.at
        window.at += length

    def put_back(self) -> None:
        """Let the last segment be read again."""
        self.window.at = self.at

    def _bring_end(self) -> int:
        """Read on until the next terminator and return where it stands, -1 where there is none within the limit."""
        window = self.window
        end = -1
        while end < 0:
            searched = len(window.data) - window.at
            if searched > self._longest or not window.fill():
                break
            end = window.data.find(self.terminator, window.at + searched)
        return end

    def _skip(self) -> None:
        window = self.window
        while True:
            window.at = len(window.data)
            if not window.fill():
                return
            end = window.data.find(self.terminator, window.at)
            if end >= 0:
                window.at = end + 1
                return
