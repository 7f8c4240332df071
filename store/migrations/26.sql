-- What each source says of a series as a whole. `poster` is the source's own handle on its picture; empty: it has none.
alter table offers add column description text not null default '';
alter table offers add column year integer;
alter table offers add column poster text not null default '';
update offers set description = coalesce((select description from series
    where series.id = offers.series and series.provider = offers.provider and series.key = offers.key), '')
    where standing = 'linked';
alter table series drop column description;

-- The same of a calendar.
create table calendar_series (
    series text not null references series on delete cascade,
    source text not null,
    key text not null,
    description text not null,
    year integer,
    poster text not null,
    primary key (series, source)
) without rowid;

-- What the files in a top folder say: tvshow.nfo, and the name of its picture.
alter table folders add column description text not null default '';
alter table folders add column year integer;
alter table folders add column poster text not null default '';
update folders set mtime = -1 where path = top;    -- the next rescan looks for them

-- All of it by series. The least `place` goes first: the leading source, the others as the owner prefers them, the
-- library (source 'local', its key is the folder), calendars. What a source says that is not configured any more is
-- kept, but for its poster.
create view abouts as
    select offers.series, offers.provider as source, offers.key, description, year,
        case when coalesce(rank, 99999) < 99999 then poster else '' end as poster,
        case when offers.provider = series.provider then -1 else coalesce(rank, 99999) end as place
    from offers join series on series.id = offers.series left join sources on sources.name = offers.provider
    where standing = 'linked'
    union all
    select series.id, 'local', path, folders.description, year, poster, 100000
    from series join folders on path = series.folder
    union all
    select further_folders.series, 'local', path, description, year, poster, 100001
    from further_folders join folders on path = further_folders.folder
    union all
    select calendar_series.series, source, key, description, year, poster, 100002 + coalesce(rank, 99999)
    from calendar_series left join sources on sources.name = source;
