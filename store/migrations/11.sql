-- The folders that a series has beside series.folder, such as one for each season.
create table further_folders (
    folder text primary key,         -- relative to the library, as on disk
    series text not null references series on delete cascade
) without rowid;
create index further_folders_by_series on further_folders (series);

-- The ids of series that became one with another; each goes on to name that one.
create table aliases (
    id text primary key,
    series text not null references series on delete cascade
) without rowid;
create index aliases_by_series on aliases (series);

-- Folders of which the owner said that they are a series of their own.
create table folders_apart (folder text primary key) without rowid;

-- Further titles, of which the owner said that files of the series bear them: a JSON array.
alter table series add column titles text not null default '[]';
