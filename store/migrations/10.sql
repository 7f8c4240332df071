-- When each source last gave a good answer (UTC), and at which address it was asked.
create table last_answers (
    source text primary key,
    address text not null,
    at text not null
) strict;
