"""Reads the names of one folder's files together. Pure: no disk, no network.

Together they tell which of several numbers counts, and whether 101 is season 1, episode 1.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from store.names.alike_files import (
    LONE_RULES,
    AlikeFile,
    Scheme,
    count_title_columns,
    find_columns,
    list_schemes,
)
from store.names.chosen_numbers import Chosen
from store.names.codes import Number
from store.names.component import Component
from store.names.doubts import Part, doubt, doubt_parts, find_part_in_name, read_dashed
from store.names.lexer import TECHNICAL_TAIL, tokenize
from store.names.number_runs import read_ending, read_number
from store.names.own_names import read_own_name
from store.names.parsed_name import CLEAR_DISTANCE, SURE, ParsedName, Reading
from store.names.path_context import (
    complete_from_folders,
    read_extra,
    read_folders,
    split_path,
)
from store.names.similar_names import Key as Similar
from store.names.similar_names import Model, read_similar

CLEAR_WEIGHT = 75  # of two files' scheme
CLEAR_RANGE = 60  # "Nacht - 12-13" has more, "Wolkenauge 21 - 45" and "Nacht 11-13" have less
MAX_EPISODE = 40  # of a season, where 101 is season 1, episode 1


def parse_folder(paths: Sequence[str]) -> list[ParsedName]:
    """Read paths that belong together; the names are in the order of the paths.

    A number that is the same in all files of a folder is the title's: so the episode of
    "Level 1 05" is known, which one name cannot tell.
    """
    names: list[ParsedName] = []
    alike: defaultdict[tuple[str, ...], list[AlikeFile]] = defaultdict(list)
    models: dict[Similar, Model] = {}
    parts: defaultdict[Part, list[int]] = defaultdict(list)
    stated: set[int] = set()
    videos = Counter(path.rpartition("/")[0] for path in paths)
    for place, path in enumerate(paths):
        folders, base = split_path(path)
        known = read_extra(folders, base) or read_own_name(folders, base)
        if known:
            names.append(known)
            continue
        context = read_folders(folders)
        component = read_similar(models, base, context.season, has_title=context.title is not None)
        is_alone = videos[path.rpartition("/")[0]] == 1
        name = complete_from_folders(component, context, is_alone=is_alone)
        names.append(name)
        if context.part is not None:
            parts[context.season, context.part].append(place)
        elif (part := find_part_in_name(component)) is not None:
            parts[name.season, part].append(place)
        if is_stated(component):
            stated.add(place)
            continue
        columns = find_columns(component)
        if columns and name.kind == "movie" and not name.episodes:
            names[-1] = name._replace(rivals=(read_alone(component, columns[0]),))
        framed = count_title_columns(component, columns, context.title)
        columns = columns[framed:]
        if columns:
            beginning = component.tokens.text[: component.tokens.starts[columns[0]]]
            file = AlikeFile(place, base, context, component, columns, framed > 0)
            alike[*folders, beginning].append(file)
        elif framed:
            doubt(names, place, (None, ()))
    for files in alike.values():
        read_alike(names, models, files)
    doubt_parts(names, parts, stated)
    read_dashed(names, paths)
    return names


def is_stated(component: Component) -> bool:
    """Whether a name says season and episode in so many words that the others cannot change it."""
    return component.name.score >= SURE and component.name.season is not None


def read_alone(component: Component, column: int) -> Reading:
    """The reading of a number by itself."""
    return None, (read_number(component.tokens, column, None)[0],)


def read_alike(
    names: list[ParsedName], models: dict[Similar, Model], files: Sequence[AlikeFile]
) -> None:
    """Read again the files of which the others, or the folder, tell which number counts."""
    schemes = list_schemes(files)
    best = schemes[0]
    if best.is_constant and are_doubles(files, best):
        for file in files:
            read_alike(names, models, [file])
    elif best.is_constant or (best.weight < 0 and len(files) > 1):
        for file in files:
            doubt(names, file.place, (None, ()))
    elif len(files) > 1 or best.form == "pair" or files[0].is_framed:
        choose(names, models, files, schemes)
    else:
        doubt_range(names, files[0], schemes)


def choose(
    names: list[ParsedName],
    models: dict[Similar, Model],
    files: Sequence[AlikeFile],
    schemes: Sequence[Scheme],
) -> None:
    """Read the files by the first scheme; the distance to the second one tells how sure that is."""
    best = schemes[0]
    second = next((scheme for scheme in schemes if scheme.keys != best.keys), None)
    distance = best.weight - second.weight if second else CLEAR_DISTANCE
    is_clear = distance >= CLEAR_DISTANCE and (len(files) > 2 or best.weight > CLEAR_WEIGHT)
    why = explain(files, best)
    for position, file in enumerate(files):
        if position not in best.keys:
            doubt(names, file.place, (None, ()))
            continue
        name = names[file.place]
        if not is_read_so(file, best, position):
            name = read_chosen(models, file, Chosen(file.columns[best.column], best.form))
        rivals = () if is_clear else list_others(schemes, best, position)
        names[file.place] = name._replace(
            score=max(name.score, SURE) if is_clear else min(name.score, SURE - 5),
            also=keep_split(name) + rivals,
            rivals=rivals,
            why=(*name.why, why),
        )
    agree_seasons(names, [files[position].place for position in best.keys])


def is_read_so(file: AlikeFile, scheme: Scheme, position: int) -> bool:
    """Whether a file alone was read as the scheme says; the title's number may be the same."""
    own = file.component.name
    numbers = tuple([number for _, number in scheme.keys[position]])
    is_number = scheme.form != "pair" and not file.is_framed
    return is_number and own.season is None and own.episodes == numbers


def read_chosen(models: dict[Similar, Model], file: AlikeFile, chosen: Chosen) -> ParsedName:
    """Read a file again, of which the neighbours tell which number counts."""
    has_title = file.context.title is not None
    season = file.context.season
    component = read_similar(models, file.base, season, chosen, has_title=has_title)
    return complete_from_folders(component, file.context, is_alone=False)


def are_doubles(files: Sequence[AlikeFile], scheme: Scheme) -> bool:
    """Whether files with the same number differ in nothing but what releases add."""
    behind = set()
    for position in scheme.keys:
        tokens = tokenize(files[position].base)  # those of a similar name have its title
        _, last = read_ending(tokens, files[position].columns[scheme.column] + 1)
        tail = TECHNICAL_TAIL.search(tokens.labels, last)
        end = tail.start() if tail else len(tokens.labels)
        behind.add(tokens.piece(last, end).strip(" ._-[("))
    return len(behind) == 1


def keep_split(name: ParsedName) -> tuple[Reading, ...]:
    """Of what a name may be besides, 101 as season 1, episode 1, and the other way round."""
    return tuple([other for other in name.also if is_split((name.season, name.episodes), other)])


def is_split(one: Reading, other: Reading) -> bool:
    """Whether two readings are 101 and S01E01."""
    (season, episodes), (none, running) = (one, other) if one[1] < other[1] else (other, one)
    if none is not None or season is None:
        return False
    return running == tuple([season * 100 + number for number in episodes])


def list_others(schemes: Sequence[Scheme], best: Scheme, position: int) -> tuple[Reading, ...]:
    """The readings of a file by the schemes that come near to the best."""
    return tuple(
        [
            (keys[0][0] or None, tuple([number for _, number in keys]))
            for scheme in schemes
            if scheme is not best
            and best.weight - scheme.weight < CLEAR_DISTANCE
            and (keys := scheme.keys.get(position))
        ]
    )


def explain(files: Sequence[AlikeFile], best: Scheme) -> str:
    """Say for people why a number counts."""
    if len(files) < 2:
        return "the season stands in front" if best.form == "pair" else "the folder has the title"
    first = files[next(iter(best.keys))]
    constant = [
        first.component.tokens.words[first.columns[column]]
        for column in range(best.column)
        if len({word_at(files[position], column) for position in best.keys}) == 1
    ]
    same = f"; {constant[0]} is the same in all names of this folder" if constant else ""
    return f"it differs from file to file{same}"


def word_at(file: AlikeFile, column: int) -> str:
    return file.component.tokens.words[file.columns[column]]


def doubt_range(names: list[ParsedName], file: AlikeFile, schemes: Sequence[Scheme]) -> None:
    """Doubt a range in a lone name, "Wolkenauge 21 - 45", where no word tells that it is one."""
    name = names[file.place]
    if name.score < CLEAR_RANGE and len(name.episodes) > 1 and is_lone(file.component, name):
        for scheme in schemes:
            if scheme.form == "number" and scheme.column < 2:
                doubt(names, file.place, (None, (scheme.keys[0][0][1],)))


def is_lone(component: Component, name: ParsedName) -> bool:
    """Whether the numbers of a name stand alone, without a code or a word."""
    return any(
        found.rule in LONE_RULES and found.episodes == name.episodes for found in component.found
    )


def agree_seasons(names: list[ParsedName], files: Sequence[int]) -> None:
    """Decide of 101 among its neighbours, whose places in `names` are `files`.

    101-113 with 201-210 are two seasons, 98-104 count through, 101-113 alone stay unsure.
    """
    splits = {file: split for file in files if (split := find_split(names[file]))}
    if not splits:
        return
    if len(splits) < len(files):
        for file, (season, episode) in splits.items():
            names[file] = names[file]._replace(
                season=None,
                episodes=(season * 100 + episode,),
                also=((season, (episode,)),),
            )
    elif are_several_seasons(splits.values()):
        for file, (season, episode) in splits.items():
            names[file] = names[file]._replace(
                season=season, episodes=(episode,), also=((None, (season * 100 + episode,)),)
            )
    else:
        for file in files:
            names[file] = names[file]._replace(score=min(names[file].score, SURE - 5))


def find_split(name: ParsedName) -> tuple[int, Number] | None:
    """The season and episode of 101, if a name may be either."""
    own = (name.season, name.episodes)
    for other in name.also:
        if is_split(own, other):
            season, episodes = own if own[1] < other[1] else other
            return (season, episodes[0]) if season is not None and len(episodes) == 1 else None
    return None


def are_several_seasons(splits: Iterable[tuple[int, Number]]) -> bool:
    """Whether 101 and 201 are of two seasons: no episode's number is higher than a season has."""
    splits = list(splits)
    seasons = {season for season, _ in splits}
    return len(seasons) > 1 and all(episode <= MAX_EPISODE for _, episode in splits)
