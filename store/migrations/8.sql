-- Sources that are left alone: since and until when (UTC), why, and after how many failures in a row.
create table rests (
    source text primary key,
    since text not null,
    until text not null,
    why text not null,
    failures integer not null
) strict;
-- The most bytes that a try has left on the disk for good.
alter table items add column durable integer not null default 0;
