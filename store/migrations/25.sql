-- The order of work, as store/queue_items.py has it: the next item is found without looking at all.
drop index items_pending;
create index items_pending on items (priority, place is null, place, id) where status = 'pending';
