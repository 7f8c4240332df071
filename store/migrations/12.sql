-- Keys of scripts and dashboards; the digest is the SHA-256 of a key, in hexadecimal digits.
-- A key that was deleted never gives its id to another one.
create table api_keys (
    id integer primary key autoincrement,
    name text not null,
    scope text not null,
    digest text not null unique,
    created_at text not null,
    last_used_at text
) strict;
-- Callers that have tried a password: an address, or a network. `due` is when the next try may
-- come (UTC), after so many failures in a row; `known` callers have been right before.
create table login_callers (
    caller text primary key,
    failures integer not null,
    due text,
    known integer not null,
    seen_at text not null
) strict;
