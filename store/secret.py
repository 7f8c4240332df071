"""A password or key that is shown nowhere: everything but `reveal()` gives its mask."""

from __future__ import annotations

MASK = "********"


class Secret:
    """A text whose str, repr and JSON are MASK, or "" when it is empty, whatever field it is in.

    It is no str and has no __dict__, so that a writer that does not know it fails instead of
    showing it.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str = ""):
        self._text = text

    def reveal(self) -> str:
        return self._text

    @property
    def is_mask(self) -> bool:
        """Whether a client has sent back a mask in place of a secret."""
        return self._text == MASK

    def __str__(self) -> str:
        return MASK if self._text else ""

    __repr__ = __str__

    def __len__(self) -> int:
        return len(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


UNSET = Secret()


def to_jsonable(value: object) -> object:
    """The `default` of our JSON encoders: a dataclass's fields, a secret's mask; else TypeError."""
    if isinstance(value, Secret):
        return str(value)
    fields = vars(value)
    if "from_" not in fields:
        return fields
    return {json_name(name): field for name, field in fields.items()}


def json_name(name: str) -> str:
    """A field's name in JSON: Python takes `from` for itself, so that field is called `from_`."""
    return "from" if name == "from_" else name
