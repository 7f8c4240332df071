-- What each source says of a series as a whole. `poster` is the source's own handle on its picture; empty: it has none.
-- Tables with long texts have rowids: each look into one without them would read the texts that it passes. The texts are
-- last, so that lists of all series need not read them.
create table offers_told (
    series text not null references series on delete cascade,
    provider text not null,
    key text not null,
    standing text not null,
    title text not null default '',
    numbering text,
    left_out text not null default '[]',
    year integer,
    poster text not null default '',
    description text not null default '',
    primary key (series, provider, key)
);
insert into offers_told (series, provider, key, standing, title, numbering, left_out, description)
    select offers.series, offers.provider, offers.key, standing, offers.title, offers.numbering, left_out,
        coalesce(case when standing = 'linked' then series.description end, '')
    from offers left join series on series.id = offers.series and series.provider = offers.provider
        and series.key = offers.key
    order by offers.series, offers.provider, offers.key;
drop table offers;
alter table offers_told rename to offers;
create unique index offers_linked on offers (provider, key) where standing = 'linked';
create unique index offers_one_each on offers (series, provider) where standing = 'linked';
alter table series drop column description;

-- The same of a calendar.
create table calendar_series (
    series text not null references series on delete cascade,
    source text not null,
    key text not null,
    year integer,
    poster text not null,
    description text not null,
    primary key (series, source)
);

-- What the files in a top folder say: tvshow.nfo, and the name of its picture. The next rescan looks for them.
create table folders_told (
    path text primary key not null,
    top text not null,
    mtime integer not null,
    disk integer,
    year integer,
    poster text not null default '',
    description text not null default ''
);
insert into folders_told (path, top, mtime, disk)
    select path, top, iif(path = top, -1, mtime), disk from folders order by path;
drop table folders;
alter table folders_told rename to folders;
create index folders_by_top on folders (top);

-- All of it by series. The least `place` goes first: the leading source, the others as the owner prefers them, the
-- library (source 'local', its key is the folder), calendars. What a source says that is not configured any more is
-- kept, but for its poster. A cross join begins with its first table: series are few and short.
create view abouts as
    select series.id as series, offers.provider as source, offers.key, description, year,
        case when coalesce(rank, 99999) < 99999 then poster else '' end as poster,
        case when offers.provider = series.provider then -1 else coalesce(rank, 99999) end as place
    from series cross join offers on offers.series = series.id left join sources on sources.name = offers.provider
    where standing = 'linked'
    union all
    select series.id, 'local', path, folders.description, year, poster, 100000
    from series cross join folders on path = series.folder
    union all
    select further_folders.series, 'local', path, description, year, poster, 100001
    from further_folders cross join folders on path = further_folders.folder
    union all
    select calendar_series.series, source, key, description, year, poster, 100002 + coalesce(rank, 99999)
    from calendar_series left join sources on sources.name = source;
