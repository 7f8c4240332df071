"""The facts of a list that show which episodes it has."""

from __future__ import annotations

import json
from collections.abc import Iterable

from store.models import Episode
from store.names.episode_facts import About, Known


def of(episodes: Iterable[Episode]) -> Known:
    return {
        (each.season, each.number): About(
            each.title, each.aired, each.size, json.dumps(dict(each.checksums))
        )
        for each in episodes
    }
