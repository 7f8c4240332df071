"""How many names of a table are read right, and how many of those that count are wrong.

The table is a folder of `.jsonl` files, a name a line: `path`, `title`, `season`, `episodes` and
`absolute` as its authors state them (null: not stated), `match` ("set", or "first" and "ends" where
the authors state no more of a range) and `title_ok`, other titles that are right.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from store.names.folder_parser import parse_folder
from store.names.matching import EXTRA, judge
from store.names.parsed_name import ParsedName
from store.names.spelling import fold

MAX_SURE_AND_WRONG = 0.3  # % of what counts
WRITTEN = (  # a season behind a word or letter, or as of 2x05 and "2nd"
    r"(?i)(?:s|t|season|saison|staffel|temporada|temp|сезон:?)[ ._]*0*{0}(?!\d)"
    r"|(?<!\d)0*{0}(?:x|nd|rd|th)"
)


def read_rows(folder: Path) -> list[dict]:
    lines = [line for file in sorted(folder.glob("*.jsonl")) for line in file.open("rb")]
    return [json.loads(line) for line in lines]


def are_episodes_right(row: dict, name: ParsedName) -> bool:
    stated = [set(map(float, row[field])) for field in ("episodes", "absolute") if row[field]]
    found = [set(map(float, numbers)) for numbers in (name.episodes, name.absolute) if numbers]
    if not stated:
        return not found
    match row["match"]:
        case "first":
            pairs = [(min(ours), min(theirs)) for ours in found for theirs in stated]
        case "ends":
            pairs = [
                ((min(ours), max(ours)), (min(theirs), max(theirs)))
                for ours in found
                for theirs in stated
            ]
        case _:
            pairs = [(ours, theirs) for ours in found for theirs in stated]
    return any(ours == theirs for ours, theirs in pairs)


def is_stated_shorter(row: dict, name: ParsedName) -> bool:
    """Whether a table says the same in fewer words.

    It may state the ends of a range or its first number, 14 for 14.5, and 408 for S04E08.
    """
    stated = sorted(map(float, row["episodes"]))
    ours = sorted(map(float, name.episodes))
    if not stated or not ours:
        return False
    raw = [100 * (name.season or 0) + number for number in ours]
    is_range = len(ours) > 1 and stated in ([ours[0]], [ours[0], ours[-1]])
    return is_range or stated in (raw, [number // 1 for number in ours])


def tell(folder: Path) -> None:
    """Print what is right in all fields that are stated, and what is sure and wrong."""
    rows = read_rows(folder)
    right = counting = wrong = shorter = unstated = given = written = 0
    for row in rows:
        (name,) = parse_folder([row["path"]])
        episodes = are_episodes_right(row, name)
        season = row["season"] is None or name.season == row["season"]
        titles = [fold(title) for title in (row["title"], *row.get("title_ok", ())) if title]
        title = not titles or fold(name.title or "") in titles
        right += episodes and season and title
        verdict = judge(name, ())  # of a source that lists nothing: all that may be fits
        if verdict.sure and verdict.episodes != (EXTRA,):
            counting += 1
            wrong += not (episodes and season)
            shorter += season and not episodes and is_stated_shorter(row, name)
        if row["season"] is None:
            unstated += 1
            if name.season not in (None, 1, *row.get("season_ok", ())):
                given += 1
                written += bool(re.search(WRITTEN.format(name.season), row["path"]))
    print(f"right     {100 * right / len(rows):9.1f} % of {len(rows)} names, in all fields stated")
    print(
        f"sure      {100 * (wrong - shorter) / counting:9.2f} % of {counting} that count are wrong"
        f"  (target: {MAX_SURE_AND_WRONG} %); {wrong} differ, {shorter} of them in the spelling"
    )
    print(
        f"seasons   {given - written:9} given of {unstated} where none is stated nor written"
        f" ({written} are written in the name)"
    )
