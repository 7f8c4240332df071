-- Where a series is to be had: the source's own series that is it, or may be.
create table offers (
    series text not null references series on delete cascade,
    provider text not null,
    key text not null,
    standing text not null,          -- linked: it is; asked: the owner is asked; apart: it is another, he says
    title text not null default '',  -- there
    numbering text,                  -- of its numbers, beside the series': absolute, season, joined; null: not known
    left_out text not null default '[]',    -- JSON: codes of its list that may be other episodes of the series
    primary key (series, provider, key)
) without rowid;
create unique index offers_linked on offers (provider, key) where standing = 'linked';
create unique index offers_one_each on offers (series, provider) where standing = 'linked';
insert into offers (series, provider, key, standing, title)
    select id, provider, key, 'linked', title from series where provider <> 'local';

-- The sources in the owner's order. One that is absent cannot be fetched from: 1 it is switched off or
-- not configured any more, 2 it has rested for days.
create table sources (
    name text primary key,
    rank integer not null,
    absent integer not null default 0
) without rowid;

-- What each source has.
create table listed (
    series text not null references series on delete cascade,
    season integer not null,
    number numeric not null,
    provider text not null default '',
    title text not null default '',
    ref text not null default '',
    size integer,
    aired text,
    checksums text not null default '{}',
    available integer not null default 1,
    modified integer,
    why text not null default '',
    variants text not null default '',     -- JSON: store.variants; empty: one file, of which nothing more is told
    seen_at text not null default '',    -- when the source was first seen to have it; empty: nobody knows
    waits text not null default '',      -- what it waits for, for people; empty: nothing
    waits_until text,                    -- null: for good
    fit integer not null default 0,      -- how well the file fits the wishes: store.preference.fit
    own_season integer,              -- where the source counts in another way: its own numbers
    own_number numeric,
    primary key (series, season, number, provider)
) without rowid;
insert into listed (series, season, number, provider, title, ref, size, aired, checksums, available, modified, why,
        variants, seen_at, waits, waits_until, fit)
    select episodes.series, season, number, provider, episodes.title, ref, size, aired, checksums, episodes.available,
        modified, why, variants, seen_at, waits, waits_until, fit
    from episodes join series on series.id = episodes.series;
drop table episodes;
alter table listed rename to episodes;
create index episodes_waiting on episodes (series) where waits <> '';

create table changes (
    series text not null references series on delete cascade,
    provider text not null,
    change text not null,
    looks integer not null,
    since text not null,
    primary key (series, provider)
) without rowid;
insert into changes select series, provider, change, looks, since
    from list_changes join series on series.id = list_changes.series;
drop table list_changes;
alter table changes rename to list_changes;

-- The source that an item is fetched from, or was; null: it has not begun.
alter table items add column source text;
-- The one source that it may be fetched from, by the owner's word.
alter table items add column only_source text;
update items set source = (select provider from series where id = items.series)
    where part is not null or status <> 'pending';

-- What failed of an item at each source since it was last asked for.
create table tries (
    item integer not null references items on delete cascade,
    source text not null,
    attempts integer not null,       -- in a row
    spent integer not null,          -- 1: it is not asked again
    message text not null,
    primary key (item, source)
) without rowid;
