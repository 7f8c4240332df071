"""Reads one component of a path: a file's name without its extension, or a folder's name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from store.names.chosen_numbers import Chosen, raise_code
from store.names.codes import Number
from store.names.grammar import RULES, Candidate, find_candidates, give_back_season_letters
from store.names.lexer import (
    EXTRA,
    LANGUAGE,
    MEANINGS,
    NUMBER,
    OPEN,
    SPECIAL,
    WORD,
    Tokens,
    hide_brackets,
    tokenize,
)
from store.names.lone_numbers import split_compressed, weigh_lone_numbers
from store.names.numerals import respell_numerals
from store.names.parsed_name import SURE, Kind, ParsedName, Reading
from store.names.release import (
    find_audio_language,
    find_checksum,
    find_release_group,
    find_version,
)
from store.names.rivals import list_rivals
from store.names.running_numbers import Running, find_running_number
from store.names.title import Place, read_title

CLEAR_SCORE = 70  # a code of this score explains a name: no lone number is looked for
MIN_SCORE = 10  # an episode below is not believed at all
SEQUEL_TOKENS = 6
REPEATED = ("code", "cross")
NO_EPISODE = Candidate(score=0, first=0, last=0, season=None, episodes=(), rule="")


class Component(NamedTuple):
    """The facts that one component tells by itself, and its tokens."""

    name: ParsedName
    has_title_in_front: bool  # in the place of a title, not behind the number
    tokens: Tokens
    found: tuple[Candidate, ...] = ()


def read_component(
    text: str, season: int | None = None, chosen: Chosen | None = None, *, is_folder: bool = False
) -> Component:
    """Read one component, without its extension.

    `season` is the folders', `chosen` the number that is the episode's according to the neighbours.
    Of a folder, lone numbers belong to the title.
    """
    tokens = respell_numerals(tokenize(text))
    outside = hide_brackets(tokens.labels)
    start = find_title_start(tokens, outside)
    candidates = find_codes(tokens, chosen)
    if not is_folder and (chosen or is_unclear(candidates)):
        candidates += weigh_lone_numbers(
            tokens, outside, start, explained=candidates, season=season, chosen=chosen
        )
    tokens = give_back_season_letters(tokens, candidates)
    ranked = rank_episodes(candidates)
    best = ranked[0] if ranked else NO_EPISODE
    candidates = leave_out_title_seasons(candidates, best)
    running = find_running_number(tokens, best)
    place = find_place(tokens, candidates, best, start=start, running=running, is_folder=is_folder)
    title = read_title(tokens, outside, place)
    own_season = find_season(candidates, best)
    best, absolute, also = decide_compressed(tokens, ranked, own_season, running.numbers)
    best = join_repeated_codes(tokens, ranked, best)
    own_season = own_season if best.season is None else best.season
    kind = find_kind(tokens, best, own_season)
    name = ParsedName(
        title=title.text,
        year=title.year,
        season=own_season,
        episodes=best.episodes,
        absolute=absolute,
        kind=kind,
        group=find_release_group(tokens, start, title.text),
        version=find_version(tokens, best),
        crc=find_checksum(tokens),
        language=find_audio_language(tokens),
        country=title.country,
        score=min(best.score, 100),
        also=also,
        sequel=find_sequel(tokens, best) if own_season is None else None,
        rivals=list_rivals(tokens, ranked, best, kind),
        why=explain(tokens, best, own_season),
    )
    return Component(name, title.is_in_front, tokens, tuple(candidates))


def is_unclear(codes: Sequence[Candidate]) -> bool:
    """Whether lone numbers may count beside the codes."""
    return all(code.score < CLEAR_SCORE for code in codes)


def find_codes(tokens: Tokens, chosen: Chosen | None) -> list[Candidate]:
    """The codes that the grammar finds; a code with the chosen number is above all others."""
    codes = list(find_candidates(tokens))
    if chosen is None:
        return codes
    return [
        raise_code(code, tokens, chosen) if code.first <= chosen.token < code.last else code
        for code in codes
        if code.episodes or not code.first <= chosen.token < code.last
    ]


BEGINNING = "_ !.-m()t"  # what may stand in front of a title: brackets, signs, tags
TAGS_AND_COLON = re.compile("[ut][ ut]*;")
# One word or number and the group's bracket, "37 [Nachtsub]_", and one that lacks its beginning.
GROUP_BEHIND = re.compile(r"(?:(?:n[ ]|w\.)_+|\)?[wn]+\))[ ](?=[wN])")


def find_title_start(tokens: Tokens, outside: str) -> int:
    """The first token behind the brackets with which a name begins, such as the release group's.

    0 where no title can stand behind them. A tag of letters is the title's first word, unless a
    further one follows: "Hi no Michi".
    """
    front = TAGS_AND_COLON.match(outside) or GROUP_BEHIND.match(outside)
    first = front.end() if front else 0
    start = len(outside) - len(outside[first:].lstrip(BEGINNING))
    first = len(outside) - len(outside[first:].lstrip(BEGINNING.strip("t")))
    if first < start and tokens.words[first].isalpha() and outside.count("t", first, start) == 1:
        start = first
    has_words = outside.find(WORD, start) >= 0 or outside.find(LANGUAGE, start) >= 0
    return start if has_words or outside.count(NUMBER, start) > 1 else 0


def rank_episodes(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates that name an episode, the likeliest first.

    Of two with the same score the first code counts, and the last lone number.
    """
    return sorted(
        [found for found in candidates if found.episodes and found.score >= MIN_SCORE],
        key=_rank,
    )


def _rank(candidate: Candidate) -> tuple[int, int]:
    is_lone = candidate.rule in ("number", "compressed")
    return -candidate.score, -candidate.first if is_lone else candidate.first


def find_first_code(candidates: Sequence[Candidate], best: Candidate, start: int, end: int) -> int:
    """The first token of the episode, or of a clear code or a season between `start` and it.

    There the title ends; `end` is where it ends at the latest.
    """
    firsts = [
        found.first
        for found in candidates
        if found is best
        or (found.first >= start and (found.score >= CLEAR_SCORE or not found.episodes))
    ]
    return min([end, *firsts])


def find_place(
    tokens: Tokens,
    candidates: Sequence[Candidate],
    best: Candidate,
    *,
    start: int,
    running: Running,
    is_folder: bool,
) -> Place:
    """Where the title may stand: behind the token `start`, and beside the codes."""
    episodes = [found for found in candidates if found.episodes and found.score >= MIN_SCORE]
    return Place(
        start=max(start, running.behind),
        end=find_first_code(candidates, best, start, running.first),
        episode=find_first_code(episodes, best, start, running.first),
        behind=find_last_code(tokens, candidates, best, is_folder),
        seasons=[(found.first, found.last) for found in candidates if not found.episodes],
        is_folder=is_folder,
    )


def find_last_code(
    tokens: Tokens, candidates: Sequence[Candidate], best: Candidate, is_folder: bool
) -> int:
    """The token behind the episode and all seasons, where a title may follow; 0 without any.

    The title may stand between: "Folge 5 Nacht (Staffel 2)".
    """
    lasts = [best.last]
    for found in candidates:
        tells_season = found.season is not None and found.rule != "compressed"
        if tells_season and (best.episodes or is_folder):
            is_behind_title = best.episodes and WORD in tokens.labels[best.last : found.first]
            lasts.append(0 if is_behind_title else found.last)
    return max(lasts)


def leave_out_title_seasons(candidates: list[Candidate], best: Candidate) -> list[Candidate]:
    """The candidates without seasons in front of a code of another season: "Staffel 9 S01E02"."""
    if best.season is None or best.score < CLEAR_SCORE:
        return candidates
    return [
        found
        for found in candidates
        if found.season in (None, best.season) or found.episodes or found.first > best.first
    ]


def join_repeated_codes(tokens: Tokens, ranked: Sequence[Candidate], best: Candidate) -> Candidate:
    """The best code with those that count on behind titles: "S02E01 - Anfang S02E02 - Ende"."""
    if best.rule not in REPEATED:
        return best
    last, episodes = best.last, best.episodes
    for found in sorted(ranked, key=lambda found: found.first):
        if (
            found.first > last
            and (found.rule, found.season) == (best.rule, best.season)
            and found.episodes[0] == episodes[-1] + 1
            and OPEN not in tokens.labels[last : found.first]
        ):
            last, episodes = found.last, episodes + found.episodes
    return best._replace(episodes=episodes)


def find_season(candidates: Sequence[Candidate], best: Candidate) -> int | None:
    """The season of the episode's own code, else the last one named before it, else the first."""
    if best.season is not None:
        return best.season
    seasons = [found for found in candidates if found.season is not None and not found.episodes]
    before = [found for found in seasons if found.first < best.first]
    if before:
        return before[-1].season
    return seasons[0].season if seasons else None


SEQUEL = re.compile(r"(?:[wl)][ .]|!)(?P<number>[nwvxy])[ .m\-(]+$")  # behind the title


def find_sequel(tokens: Tokens, best: Candidate) -> int | None:
    """The number, numeral or year between title and episode, which may be the season's."""
    start = max(0, best.first - SEQUEL_TOKENS)
    match = SEQUEL.search(tokens.labels, start, best.first)
    if not match:
        return None
    token = match.start("number")
    word = tokens.words[token]
    number = MEANINGS.get(word, word)
    if not number.isdecimal() or (len(number) > 1 and tokens.labels[token] == NUMBER):
        return None
    return int(number) if int(number) > 1 else None


def decide_compressed(
    tokens: Tokens, ranked: Sequence[Candidate], season: int | None, running: tuple[Number, ...]
) -> tuple[Candidate, tuple[Number, ...], tuple[Reading, ...]]:
    """Decide whether the best candidate, 102, is season 1, episode 2.

    `season` is what the name says beside it. Returns the candidate, the running number and the
    other readings.
    """
    if not ranked:
        return NO_EPISODE, running, ()
    best = ranked[0]
    also = [(found.season, found.episodes) for found in ranked[1:4]]
    split = split_compressed(tokens, best) if best.season is None else None
    if split and split.episodes == running:  # "101 (01)"
        best, running = split, ()
    elif split and split.season == season:  # "Temporada 4 [Cap.408]"
        best = split
    elif split and is_bracketed_chapter(tokens, best):
        also.insert(0, (None, best.episodes))
        best = split
    elif split:
        also.insert(0, (split.season, split.episodes))
    return best, running, tuple(dict.fromkeys(also))


def is_bracketed_chapter(tokens: Tokens, found: Candidate) -> bool:
    """Whether a code is that of Spanish releases, which say season and episode: "[Cap.205]"."""
    in_front = tokens.labels[max(0, found.first - 1) : found.first]
    return tokens.words[found.first] == "cap" and in_front == OPEN


IN_BRACKET = re.compile(rf"\([{SPECIAL}{EXTRA}]\)$")  # "(OVA) - 03", "[OAD][03]"
BESIDE = re.compile(r"[ .:m)(\-]*(?:(?P<special>k)|(?P<extra>z))(?=[ .]?(?:[()t\-]|$))")


def find_kind(tokens: Tokens, best: Candidate, season: int | None) -> Kind:
    """The kind of an episode, by the words in its code and beside it.

    In front of a clear code they are the title's: "Special A S01E01".
    """
    labels = tokens.labels
    if not best.episodes:
        return "extra" if EXTRA in labels else "special" if SPECIAL in labels else "movie"
    words = labels[best.first : best.last]
    if best.score < SURE or best.rule == "number":
        before = labels[1 : best.first].rstrip(" .m-(_")
        words += before[-2:-1] if IN_BRACKET.search(before) else before[-1:]
    beside = BESIDE.match(labels, best.last)
    if EXTRA in words or (beside and beside["extra"]):
        return "extra"
    if season == 0 or SPECIAL in words or beside or any(number % 1 for number in best.episodes):
        return "special"
    return "movie" if best.rule == "movie" else "episode"


def explain(tokens: Tokens, best: Candidate, season: int | None) -> tuple[str, ...]:
    """The words of the name that tell the episode, for people."""
    if not best.episodes:
        return ()
    reason = RULES[best.rule].reason.format(tokens.piece(best.first, best.last))
    if best.season is None and season is not None:
        return reason, f"season {season} from the name"
    return (reason,)
