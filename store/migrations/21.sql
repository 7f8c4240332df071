-- The SHA-256 of files of the library, as they were when they had this size and time of change.
create table checksums (
    path text primary key,           -- relative to the library, as on disk
    series text not null references series on delete cascade,
    size integer not null,           -- bytes
    mtime integer not null,          -- nanoseconds
    sha256 text not null
) without rowid;
create index checksums_by_series on checksums (series);
