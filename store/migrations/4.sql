alter table series add column ids text not null default '';    -- of other databases: [tvdbid-1] [tmdbid-2]
