"""Which episodes exist as others say it: the source of a series, and the owner's calendars.

EXISTING is a part of a query: of the series `:id` each episode once, with its title, its air date
and whether its source has it. The source's own word goes before that of a calendar.
"""

EXISTING = """
    existing as (
        select season, number, max(available) as available,
            coalesce(max(case when own then aired end), min(aired)) as aired,
            coalesce(nullif(max(case when own then title end), ''), max(title), '') as title
        from (
            select season, number, title, aired, available, 1 as own
            from episodes where series = :id
            union all
            select season, number, title, aired, 0, 0 from calendar where series = :id
        ) group by season, number
    )"""
