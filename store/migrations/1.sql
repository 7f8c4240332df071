create table meta (key text primary key, value text not null) without rowid;

-- A series as shown: followed from a provider, found in the library, or both.
create table series (
    id text primary key,             -- <provider>_<key>, or local_<slug>; never changes once shown
    provider text not null,
    key text not null,
    title text not null,
    description text not null default '',
    site text not null default '',
    folder text unique,              -- its folder in the library, relative, as on disk; null: none yet
    listed integer not null default 0,    -- 1: it has a library folder or a queued episode
    fold text not null,              -- the title as titles.fold sees it
    total integer not null default 0,     -- these three are derived: series.recount
    downloaded integer not null default 0,
    missing integer not null default 0,
    next_air text,                   -- the day on which the counts change by themselves
    updated_at text not null,
    unique (provider, key)
);
create index series_by_title on series (title collate nocase, id) where listed;
create index series_by_update on series (updated_at, id) where listed;
create index series_by_fold on series (fold);

-- The key under which a provider's series, or a folder of the library (provider 'local'), was first shown.
create table keys (
    provider text not null,
    name text not null,
    key text not null,
    primary key (provider, name),
    unique (provider, key)
) without rowid;

-- What a provider has.
create table episodes (
    series text not null references series on delete cascade,
    season integer not null,
    number numeric not null,         -- 6.5 is a special of its own
    title text not null default '',
    ref text not null default '',
    size integer,
    aired text,
    primary key (series, season, number)
) without rowid;

-- What lies in the library. A file may hold several episodes, an episode lie there twice.
create table files (
    series text not null references series on delete cascade,
    season integer not null,
    number numeric not null,
    path text not null,              -- relative to the library, as on disk
    size integer not null,
    primary key (series, season, number, path)
) without rowid;

create table items (
    id integer primary key autoincrement,
    series text not null references series on delete cascade,
    season integer not null,
    number numeric not null,
    priority integer not null,       -- 0 high, 1 normal, 2 low: ascending is the order of work
    status text not null,            -- pending, downloading, completed, failed
    reason text not null default '',
    error_code text,
    error_message text,
    attempts integer not null default 0,
    part text,                       -- file in the download directory
    checkpoint text,                 -- which of its bytes are durable; see downloads.transfer.Checkpoint
    target text,                     -- its name in the library; set before it is put there
    total integer,
    created_at text not null,
    started_at text,
    finished_at text,
    unique (series, season, number)
);
create index items_pending on items (priority, id) where status = 'pending';
create index items_by_status on items (status, id);

-- Tokens that were logged out. The newest 10,000 stay, whatever the clock says.
create table revoked (sequence integer primary key autoincrement, jti text not null unique);
