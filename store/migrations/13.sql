-- A source's list that lacks episodes which it had, or calls them otherwise: not believed until further looks agree.
create table list_changes (
    series text primary key references series on delete cascade,
    change text not null,            -- JSON: {"gone": [codes], "moved": {old code: new code}}
    looks integer not null,          -- in a row that said the same
    since text not null
) without rowid;
