"""Read the seasons of a folder that names several: "S01-S03", "Season 1+2", "Staffel 1 bis 3"."""

from __future__ import annotations

import re

_SEVERAL = re.compile(
    r"(?<![^\W_])(?:(?:seasons?|staffeln?|saisons?)\s*(\d{1,2})\s*(?:[-–+&~,]|to|bis|und|and)\s*"
    r"|s(\d{1,2})\s*[-–+&~,]?\s*s)(\d{1,2})(?![^\W_])",
    re.IGNORECASE,
)


def read(folder: str) -> frozenset[int] | None:
    """The seasons, or None where the name does not tell several."""
    found = _SEVERAL.search(folder)
    if not found:
        return None
    first, last = int(found[1] or found[2]), int(found[3])
    return frozenset(range(first, last + 1)) if first < last else None
