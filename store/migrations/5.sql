alter table folders add column disk integer;    -- its device number, where that is another than of the folder above it
