alter table episodes add column modified integer;    -- when its file was changed at the source, as that lists it: Unix seconds
alter table items add column replaces integer not null default 0;    -- 1: the file that is in the library goes into the trash
