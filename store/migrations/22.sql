-- The files that a source has for an episode, and which of the owner's wishes the best one lacks.
alter table episodes add column variants text not null default '';     -- JSON: store.variants; empty: one file, of which nothing more is told
alter table episodes add column seen_at text not null default '';    -- when the source was first seen to have it; empty: nobody knows
alter table episodes add column waits text not null default '';      -- what it waits for, for people; empty: nothing
alter table episodes add column waits_until text;                    -- null: for good
alter table episodes add column fit integer not null default 0;      -- how well the file fits the wishes: store.preference.fit
alter table series add column prefer text not null default '';       -- JSON: store.wish.SeriesPrefer; empty: as for all series
create index episodes_waiting on episodes (series) where waits <> '';
alter table items add column named integer not null default 0;       -- 1: asked for by its number: it waits for no better file
