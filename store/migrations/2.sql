alter table items add column receipt text;    -- what was proven of the file; set before it is put in the library

-- One row a fetched file, as it was then: it outlives the item, the series and the file.
create table history (
    id integer primary key autoincrement,
    item integer not null,
    series text not null,
    title text not null,
    season integer not null,
    number numeric not null,
    provider text not null,
    path text not null,              -- relative to the library
    receipt text not null,           -- JSON: store.models.Receipt, and its source
    finished_at text not null
);
create index history_by_series on history (series, id);
