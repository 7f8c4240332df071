-- The owner's order within a priority: those with a place come first, by it; the others as they were queued.
alter table items add column place integer;
