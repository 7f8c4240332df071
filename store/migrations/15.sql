-- What was read from sources, with the validators of the answer, for the next look.
create table remembered (
    source text not null,
    address text not null,
    etag text not null,
    modified text not null,
    content text not null,           -- the source's own digest of what it has read
    primary key (source, address)
) strict;
