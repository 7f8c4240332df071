-- Episodes of which the owner says that they do not exist, or that they are not wanted.
create table ignored (
    series text not null references series on delete cascade,
    season integer not null,
    number numeric not null,
    primary key (series, season, number)
) without rowid;

alter table series add column available integer not null default 0;    -- of the missing ones, what its source has
alter table series add column counted integer not null default 0;      -- 1: numbers of its files count through all seasons
-- Both are derived anew: the counts at the next list, the other when a rescan has read the folders.
update series set next_air = '';
update folders set mtime = -1;
