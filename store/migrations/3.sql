-- An ambiguous file has a row for each episode it may be, with sure = 0; one that is no episode stands in season -1.
alter table files add column sure integer not null default 1;
alter table files add column why text not null default '';

-- What the owner says of the numbers in file names; see store/matching.py.
alter table series add column numbering text;
alter table series add column number_offset integer not null default 0;

-- The folders of the library as they were last seen: one whose mtime is the same has the same entries.
create table folders (
    path text primary key,           -- relative, as on disk
    top text not null,               -- the folder of the library that it lies in
    mtime integer not null           -- nanoseconds; -1: too young to be believed
) without rowid;
create index folders_by_top on folders (top);

-- The journal of renamings, by which the last one of a series can be undone.
create table renames (
    id integer primary key,
    series text not null references series on delete cascade,
    batch integer not null,
    old text not null,               -- relative to the library
    new text not null
);
create index renames_by_series on renames (series, batch);
