"""The days that a file's name may say: "2019-12-01", "01.12.2019", "19.12.01". Pure."""

from __future__ import annotations

import re
from datetime import date

_YEAR = r"(?:19[3-9]\d|20\d\d)"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH = r"(?:0?[1-9]|1[0-2])"
_FORMS = (
    re.compile(rf"(?<!\d)(?P<y>{_YEAR})(?P<s>[-._ ])(?P<m>{_MONTH})(?P=s)(?P<d>{_DAY})(?!\d)"),
    re.compile(rf"(?<!\d)(?P<y>{_YEAR})(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])(?!\d)"),
    re.compile(rf"(?<!\d)(?P<d>{_DAY})(?P<s>[-._ ])(?P<m>{_MONTH})(?P=s)(?P<y>{_YEAR})(?!\d)"),
)
# Of two digits the year may stand in front, as recorders write it, or behind.
_SHORT = re.compile(r"(?<!\d)(?P<a>\d\d)(?P<s>[-._])(?P<m>0[1-9]|1[0-2])(?P=s)(?P<b>\d\d)(?!\d)")


def days_in(name: str) -> frozenset[str]:
    """Each day that the name may say, in ISO's form; of two-digit years both readings."""
    found = [_day(int(m["y"]), m["m"], m["d"]) for form in _FORMS for m in form.finditer(name)]
    if not any(found):
        for match in _SHORT.finditer(name):
            for year, day in ((match["a"], match["b"]), (match["b"], match["a"])):
                found.append(_day(_full(int(year)), match["m"], day))
    return frozenset(filter(None, found))


def _full(year: int) -> int:
    return year + (1900 if year >= 70 else 2000)


def _day(year: int, month: str, day: str) -> str | None:
    try:
        return date(year, int(month), int(day)).isoformat()
    except ValueError:
        return None
