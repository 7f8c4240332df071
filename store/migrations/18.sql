-- One row each time that an item was given up; it outlives the item and the series.
create table failures (
    id integer primary key autoincrement,
    item integer not null,
    series text not null,
    title text not null,
    season integer not null,
    number numeric not null,
    provider text not null,
    error_code text not null,
    error_message text not null,
    failed_at text not null
);
create index failures_by_series on failures (series, id);
