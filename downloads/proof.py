"""What has to be proven of a fetched file before it counts, and what has been proven so far."""

from __future__ import annotations

from typing import Literal

from downloads.part_file import DIGESTS, Part
from downloads.validators import SNIFF_BYTES, Changed, sniff
from store.errors import ProviderError
from store.models import Source

SHORT = "The source sent less than it promised"
OTHER_LENGTH = "The source sends another length than it lists; a rescan asks it again"

# What shows where a file ends: the length that its source tells; the end of a chunked body; nothing
# but the end of the connection.
End = Literal["length", "clean end", "unproven"]


class Proof:
    """`validator` is what has shown that resumed or parallel pieces are of one file, `end` what has
    shown where the file ends, `kind` the server's word for what it is."""

    def __init__(self, file: Part, source: Source):
        self._file = file
        self.size = source.size
        self._checksums = {
            name: digest.lower() for name, digest in source.checksums.items() if name in DIGESTS
        }
        self.forget()

    def forget(self) -> None:
        """Forget what was proven: the file is fetched from its start."""
        self.validator: str | None = None
        self.end: End = "length"
        self.kind = ""
        self._is_sniffed = False

    def strongest(self) -> str:
        """The strongest thing that was shown about the bytes: a checksum's name, or `end`."""
        for name in DIGESTS:
            if name in self._checksums:
                return name
        return self.end

    def is_length_right(self, length: int | None) -> bool:
        """Whether an answer's length, as far as it is known, is the listed one."""
        return None in (length, self.size) or length == self.size

    async def is_whole(self, length: int) -> bool:
        """Whether so many bytes surely are the whole file, though nothing has ended it: the listed
        size, or else the listed checksums say so."""
        if not length or self._file.spans != ((0, length),):
            return False
        if self.size is not None:
            return length == self.size
        if not self._checksums or await self._file.size() != length:
            return False
        digests = await self._file.digest(set(self._checksums))
        return digests.items() >= self._checksums.items()

    async def sniff(self, total: int | None) -> None:
        """Look at the file's beginning. Raises Changed if it is not a video's."""
        start, end = self._file.spans[0] if self._file.spans else (0, 0)
        is_enough = end >= SNIFF_BYTES or end == total
        if self._is_sniffed or start > 0 or not is_enough:
            return
        self._is_sniffed = True
        kind = sniff(await self._file.read(SNIFF_BYTES, 0), self.kind)
        if kind:
            message = f"The source sent {kind} in place of a video"
            raise Changed(message, tries=1, final=True, cause="no video")

    async def verify(self, total: int | None) -> None:
        """Raises ProviderError if bytes are missing, Changed if they are not those that were
        promised."""
        if total is None or self._file.spans != ((0, total),):
            raise ProviderError(SHORT)
        await self.sniff(total)
        if await self._file.size() > total:
            await self._file.cut(total)
        digests = await self._file.digest(set(self._checksums)) if self._checksums else {}
        for name, wanted in self._checksums.items():
            if digests[name] != wanted:
                raise Changed(f"The file's {name} checksum is wrong, twice", tries=2, final=True)
