alter table episodes add column why text not null default '';    -- this file of the source and no other, for people
