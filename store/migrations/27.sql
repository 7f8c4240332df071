-- A search for a title looks at each title once, and finds its rows by these.
drop index history_by_series;
create index history_by_series on history (series, title);
drop index failures_by_series;
create index failures_by_series on failures (series, title);
