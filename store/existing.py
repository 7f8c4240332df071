"""Which episodes exist as others say it: the sources of a series, and the owner's calendars.

EXISTING is a part of a query: of the series `:id` each episode once, with its title, its air date,
whether it can be fetched (`available`), and the sources that have it, each with its rank in front
(`sources`, one a line). The word of the source that the owner prefers goes before that of others,
and any of them before that of a calendar. A source that is absent has nothing.
"""

RANK_DIGITS = 5  # in front of the name of a source

EXISTING = """
    lists as (
        select season, number, title, aired, why, provider,
            available and not coalesce(absent, 0) as available,
            printf('%05d', coalesce(rank, 99998)) as rank
        from episodes left join sources on sources.name = provider where series = :id
        union all
        select season, number, title, aired, '', '', 0, '99999' from calendar where series = :id
    ), existing as (
        select season, number, max(available) as available,
            substr(min(rank || aired), 6) as aired,
            coalesce(substr(min(case when title <> '' then rank || title end), 6), '') as title,
            coalesce(substr(min(case when why <> '' then rank || why end), 6), '') as why,
            group_concat(case when available then rank || provider end, char(10)) as sources
        from lists group by season, number
    )"""
