-- Whom the owner wants told of what, and since when nothing reaches it.
create table targets (
    name text primary key,
    events text not null,            -- " completed failed "
    failures integer not null default 0,    -- in a row
    failing_since text
) strict;
-- What is still to be told to each of them.
create table outbox (
    id integer primary key autoincrement,
    target text not null references targets on delete cascade,
    event text not null,
    notice text not null,            -- JSON: store.outbox.Notice
    batch integer                    -- the message that it goes out in; null: in none yet
) strict;
create index outbox_by_target on outbox (target, id);
-- What holds now and was told: a source that is away, a full disk. It is told again when it has ended.
create table told (
    event text not null,
    subject text not null,
    primary key (event, subject)
) without rowid, strict;
