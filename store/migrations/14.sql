-- 0: the source says that the episode exists, and has no file of it.
alter table episodes add column available integer not null default 1;
-- Episodes that exist as a calendar says, whoever may have them.
create table calendar (
    series text not null references series on delete cascade,
    source text not null,
    season integer not null,
    number numeric not null,
    title text not null,
    aired text,
    primary key (series, source, season, number)
) without rowid;
