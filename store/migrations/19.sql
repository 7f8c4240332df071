-- Which series are followed. A row stays when the owner ends that, for what it has seen.
create table follows (
    id integer primary key autoincrement,    -- its place in a round of looks follows from it
    series text not null unique references series on delete cascade,
    mode text not null,              -- off, new, all
    seasons text not null,           -- JSON: the seasons that are wanted; empty: all but the specials
    since text not null,             -- when the mode was set
    based integer not null           -- 0: what was to be had before `new` began is not known yet
) strict;
-- Episodes that following passes over.
create table follow_passed (
    series text not null references series on delete cascade,
    season integer not null,
    number numeric not null,
    handled integer not null,        -- 1: was here or in the queue once; 0: was to be had before `new` began
    primary key (series, season, number)
) without rowid;
alter table items add column followed integer not null default 0;    -- 1: queued by following, not by the owner's hand
-- How many bytes of downloads came on a day of the system's time zone, while there is a daily cap.
create table traffic (
    day text primary key,
    bytes integer not null
) strict;
