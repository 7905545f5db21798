"""File names that are not UTF-8: shown with their odd bytes escaped, asked for by the bytes they have."""


class OddNames:
    """Remembers, for one session, which bytes stand behind an escaped name, so that one name never blocks a folder."""

    def __init__(self) -> None:
        self._bytes: dict[str, bytes] = {}

    def readable(self, folder: str, name: bytes) -> str:
        """Return `name` as text; bytes that are not UTF-8 are escaped with a backslash, and remembered."""
        try:
            return name.decode()
        except UnicodeDecodeError:
            text = name.decode(errors="backslashreplace")
            self._bytes[f"{folder.rstrip('/')}/{text}"] = folder.rstrip("/").encode() + b"/" + name
            return text

    def raw(self, path: str) -> bytes:
        """Return the bytes that the other side knows `path` by."""
        return self._bytes.get(path) or path.encode()
