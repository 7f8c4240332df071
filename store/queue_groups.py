"""The queue by series: one group for all items of a series, however many there are.

Plain functions of a connection; each is (part of) one transaction.
"""

from __future__ import annotations

import sqlite3

from store.schema import record


@record
class QueueGroup:
    """How many items of one series there are.

    `open_bytes` is the size of the waiting and downloading items, without `unknown_sizes` of them.
    """

    anime_id: str
    anime_title: str
    pending: int
    downloading: int
    completed: int
    failed: int
    open_bytes: int
    unknown_sizes: int


def all_groups(conn: sqlite3.Connection) -> list[QueueGroup]:
    """The groups in the order in which their items are worked on, the finished ones last."""
    rows = conn.execute(
        """
        with sized as (
            select items.id, items.series, series.title, status,
                priority * 4e15 + coalesce(items.place, 2e15 + items.id) as rank,
                coalesce(items.total, episodes.size) as size,
                case when status in ('pending', 'downloading') then items.id end as open
            from items join series on series.id = items.series
            left join episodes on episodes.series = items.series
                and episodes.season = items.season and episodes.number = items.number
                and episodes.provider = coalesce(items.source, series.provider)
                and episodes.provider = coalesce(items.source, series.provider)
        )
        select series as anime_id, title as anime_title,
            count(case status when 'pending' then 1 end) as pending,
            count(case status when 'downloading' then 1 end) as downloading,
            count(case status when 'completed' then 1 end) as completed,
            count(case status when 'failed' then 1 end) as failed,
            coalesce(sum(case when open then size end), 0) as open_bytes,
            count(case when open and size is null then 1 end) as unknown_sizes
        from sized group by series
        order by min(open) is null, min(case when open then rank end), min(id)
        """
    )
    return [QueueGroup(**row) for row in rows]
