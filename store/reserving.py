"""The path that a finished file is about to get in the library; its folder is kept for its series.

A function of a connection; it is (part of) one transaction.
"""

from __future__ import annotations

import sqlite3

from store import queue, series, series_folders


def reserve(conn: sqlite3.Connection, item_id: int, target: str, receipt: str) -> bool:
    """Keep an item's target, and the history's receipt; the target's folder is its series' now.

    Returns False where another series of the same title has got that folder meanwhile: then the
    target has to be chosen anew.
    """
    series_id = queue.get(conn, item_id).series_id
    top = target.partition("/")[0]
    if top not in series_folders.of_series(conn, series_id):
        # A disk may take names that differ in case for one.
        if top.casefold() in {folder.casefold() for folder in series.by_folder(conn)}:
            return False
        series_folders.add(conn, series_id, top)
    queue.set_target(conn, item_id, target, receipt)
    return True
