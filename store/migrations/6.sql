-- What the source said of the file's content, as JSON: algorithm -> lower-case hex.
alter table episodes add column checksums text not null default '{}';
