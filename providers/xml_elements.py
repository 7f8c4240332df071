"""The elements of an XML document, one after another, from whoever has written it.

No document type, and so no entity, is read; time and memory are bounded by the document's length.
Takes a tenth of a second a megabyte, so it belongs on a thread.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

MAX_DEPTH = 60  # elements inside one another
MAX_PARTS = 5_000  # elements inside one that is wanted
MAX_TEXT = 1_000_000  # characters inside one that is wanted
MAX_ELEMENTS, MAX_ATTRIBUTES = 400_000, 200_000  # of a document
READ_BYTES = 1 << 16  # at a time
MAX_TAG_BYTES = 1 << 17  # from one bracket to the other: a tag takes many times that in memory


class NoXml(ValueError):
    """A document that is no XML, declares a document type, or holds too much."""


def read(body: bytes, wanted: Collection[str], roots: Collection[str] = ()) -> Iterator[Element]:
    """Each element of `body` whose name is `wanted`, whole, with what is inside; one that is inside
    another is not told again. Names are written `{namespace}name`; the document's own has to be one
    of `roots`, if there are any. Raises NoXml, maybe late."""
    if body.count(b"<") > 2 * MAX_ELEMENTS or body.count(b"=") > MAX_ATTRIBUTES:
        raise NoXml("it holds too much")
    reader = _Reader(wanted, roots)
    view = memoryview(body)
    try:
        for start in range(0, len(body), READ_BYTES):
            piece = view[start : start + READ_BYTES]
            reader.parser.Parse(piece.tobytes(), False)
            if start + len(piece) - reader.parser.CurrentByteIndex > MAX_TAG_BYTES + READ_BYTES:
                raise NoXml("it holds too much")
            yield from reader.take()
        reader.parser.Parse(b"", True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise NoXml(str(error)) from None
    yield from reader.take()


class _Reader:
    """Builds the elements that are wanted and forgets all others."""

    def __init__(self, wanted: Collection[str], roots: Collection[str]):
        self._wanted = wanted
        self._roots = roots
        self._found: list[Element] = []
        self._builder: TreeBuilder | None = None  # of the element that is being read
        self._depth = 0
        self._began_at = 0  # the depth where that element began
        self._parts = 0
        self._characters = 0
        self._elements = 0
        self.parser = expat.ParserCreate(namespace_separator="}")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = _refuse
        self.parser.EntityDeclHandler = _refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def take(self) -> list[Element]:
        """The elements that are complete since the last call."""
        found, self._found = self._found, []
        return found

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > MAX_DEPTH or self._elements > MAX_ELEMENTS:
            raise NoXml("it holds too much")
        name = _name(name)
        if self._depth == 1 and self._roots and name not in self._roots:
            raise NoXml("it is of another kind")
        if self._builder is None:
            if name not in self._wanted:
                return
            self._builder = TreeBuilder()
            self._began_at = self._depth
            self._parts = self._characters = 0
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise NoXml("it holds too much")
        self._builder.start(name, {_name(key): value for key, value in attributes.items()})

    def _text(self, text: str) -> None:
        if self._builder is not None:
            self._characters += len(text)
            if self._characters > MAX_TEXT:
                raise NoXml("it holds too much")
            self._builder.data(text)

    def _end(self, name: str) -> None:
        if self._builder is not None:
            self._builder.end(_name(name))
            if self._depth == self._began_at:
                self._found.append(self._builder.close())
                self._builder = None
        self._depth -= 1


def _name(name: str) -> str:
    """A name as ElementTree writes it; expat leaves the first brace out."""
    return "{" + name if "}" in name else name


def _refuse(*_: object) -> None:
    raise NoXml("it declares a document type")
