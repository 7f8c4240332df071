-- A renaming that is under way: a row for each step, until all have been taken or taken back.
create table rename_steps (
    id integer primary key,
    series text not null references series on delete cascade,
    undo integer not null,           -- 1: the steps take the series' last renaming back
    part integer not null,           -- all steps of a part are taken, or none
    family integer not null,         -- a video and what belongs to it
    old text not null,               -- relative to the library
    new text not null,
    text text,                       -- what a symbolic link says at its new path; null: it is none
    old_text text,                   -- and what it said before
    done integer not null default 0
);
create index rename_steps_by_series on rename_steps (series);

alter table renames add column family integer not null default 0;
alter table renames add column text text;    -- what a symbolic link said at its old path
update renames set family = id;
