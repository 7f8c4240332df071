"""The shared series in the form that others read: the list of series, and each with its files.

The calls of a server and the files of a static catalogue have one form
(docs/catalogue.schema.json). Plain functions of a connection; each is (part of) one transaction.
"""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

from store import abouts, series_folders
from store.checksums import Stamp
from store.errors import Forbidden, NotFound
from store.existing import EXISTING
from store.models import Pagination
from store.names import codes, database_ids, extensions, spelling
from store.names.codes import Number
from store.names.resolution import lines_of
from store.names.spoken import Version
from store.schema import record
from store.settings import Share

if TYPE_CHECKING:
    from store.shared_files import Found, FoundPoster

FORM: Literal[1] = 1  # of the documents; a reader refuses one that it does not know
PER_PAGE = 1_000
LAST_SECOND = 253_402_300_799  # of the year 9999: a disk may know later ones


@record
class SharedSeries:
    """`titles` are further ones. `ids` are those of databases, such as tvdb. At `url`, relative to
    the list's own address, are its files."""

    id: str
    title: str
    titles: list[str]
    ids: dict[str, str]
    url: str


@record
class SharedList:
    """`version` is another one when any series on any page is. `next` is the address of the next
    page, relative to that of this one."""

    success: Literal[True]
    aniworld: Literal[1]
    version: str
    data: list[SharedSeries]
    pagination: Pagination
    next: str | None


@record
class SharedSubtitles:
    """`suffix` is what follows the video's name without its extension: `.de.srt`."""

    language: str | None
    suffix: str
    url: str


@record
class SharedFile:
    """An episode in a file; a file with several episodes is there once for each of them.

    `languages` are those of the sound, and `de-sub` of subtitles alone, as far as the name tells
    them; so is `version`, for those who cannot hear, see or read as others do, and `resolution`, in
    lines. `size` is in bytes. `sha256` is null as long as it is not computed. `url` is relative to
    the address of the document.
    """

    code: str
    title: str
    aired: str | None
    languages: list[str]
    version: Version | None
    resolution: int | None
    size: int
    modified: str
    sha256: str | None
    extension: str
    url: str
    subtitles: list[SharedSubtitles]


@record
class SharedPoster:
    """A picture of a series, a JPEG, PNG or WebP; `url` is relative to the address of the
    document."""

    size: int
    modified: str
    url: str


@record
class SharedDetails:
    """A series with its files. It began in `year`, as far as that is known."""

    id: str
    title: str
    titles: list[str]
    ids: dict[str, str]
    description: str
    year: int | None
    poster: SharedPoster | None
    files: list[SharedFile]


@record
class SharedDocument:
    """The document of one shared series."""

    success: Literal[True]
    aniworld: Literal[1]
    data: SharedDetails


class Addresses(NamedTuple):
    """How the documents name one another: the address of a series' document by its id, that of a
    page by its number, that of a file by the series' id and the path."""

    series: Callable[[str], str]
    page: Callable[[int], str]
    file: Callable[[str, str], str]


class Held(NamedTuple):
    """An episode in a file of the library; `sha256` is of the file as the stamp has it."""

    season: int
    number: Number
    title: str
    aired: str | None
    path: str
    size: int | None
    mtime: int | None
    sha256: str | None


class Shared(NamedTuple):
    """A shared series, as the database has it."""

    id: str
    title: str
    titles: list[str]
    ids: dict[str, str]
    description: str
    held: list[Held]
    year: int | None = None
    folders: Sequence[str] = ()


# Of the series that have a file, those that the owner shares, by any of their ids. A folder of the
# library may name ids of databases as well.
_SHARED = """
    with wanted as (select value as id from json_each(:ids))
    select id, title, titles, coalesce(folder, '') || ids as ids from series
    where listed and exists (
        select 1 from files where files.series = series.id and sure and season >= 0
    ) and (:all or id in wanted or provider || '_' || key in wanted
        or id in (select series from aliases where aliases.id in wanted))
"""
_HELD = f"""
    with {EXISTING}
    select files.season, files.number, coalesce(existing.title, '') as title, existing.aired,
        files.path, checksums.size, checksums.mtime, checksums.sha256
    from files
    left join existing on existing.season = files.season and existing.number = files.number
    left join checksums on checksums.path = files.path
    where files.series = :id and files.sure and files.season >= 0
    order by files.season, files.number, files.path
"""


def require_sharing(share: Share) -> None:
    """Raises Forbidden when nothing is shared."""
    if share.series == "none":
        raise Forbidden("The owner of this server shares nothing", sharing="none")


def series_ids(conn: sqlite3.Connection, share: Share) -> list[str]:
    """The shared series."""
    return [row["id"] for row in _shared(conn, share)]


def list_page(
    conn: sqlite3.Connection, share: Share, addresses: Addresses, query: str, number: int
) -> SharedList:
    """A page of the shared series, by title; `query` stands in their titles."""
    folded = spelling.fold(query)
    rows = [row for row in _shared(conn, share) if not folded or _matches(row, folded)]
    pages = -(-len(rows) // PER_PAGE)
    version = hashlib.sha256(json.dumps([tuple(row) for row in rows]).encode()).hexdigest()[:16]
    return SharedList(
        success=True,
        aniworld=FORM,
        version=version,
        data=[
            SharedSeries(
                id=row["id"],
                title=row["title"],
                titles=json.loads(row["titles"]),
                ids=database_ids.parse(row["ids"]),
                url=addresses.series(row["id"]),
            )
            for row in rows[(number - 1) * PER_PAGE : number * PER_PAGE]
        ],
        pagination=Pagination(total=len(rows), page=number, per_page=PER_PAGE, pages=pages),
        next=addresses.page(number + 1) if number < pages else None,
    )


def find(conn: sqlite3.Connection, share: Share, series_id: str) -> Shared:
    """A shared series with its episodes in files. Raises Forbidden, and NotFound."""
    require_sharing(share)
    row = next(iter(_shared(conn, share, series_id)), None)
    if row is None:
        raise NotFound("Anime not found", anime_id=series_id)
    about = abouts.of_series(conn, series_id)
    held = [Held(**each) for each in conn.execute(_HELD, {"id": series_id})]
    return Shared(
        id=series_id,
        title=row["title"],
        titles=json.loads(row["titles"]),
        ids=database_ids.parse(row["ids"]),
        description=about.description,
        held=held,
        year=about.year,
        folders=series_folders.of_series(conn, series_id),
    )


def document(
    shared: Shared,
    found: Mapping[str, "Found"],
    addresses: Addresses,
    poster: "FoundPoster | None" = None,
) -> SharedDocument:
    """The document of a shared series, with its files as they are now.

    Reads names, so it belongs on a thread.
    """
    files = [
        _file(shared.id, held, found[held.path], addresses)
        for held in shared.held
        if held.path in found
    ]
    return SharedDocument(
        success=True,
        aniworld=FORM,
        data=SharedDetails(
            id=shared.id,
            title=shared.title,
            titles=shared.titles,
            ids=shared.ids,
            description=shared.description,
            year=shared.year,
            poster=_poster(shared.id, poster, addresses) if poster else None,
            files=files,
        ),
    )


def _shared(conn: sqlite3.Connection, share: Share, only: str | None = None) -> list[sqlite3.Row]:
    """The shared series by title, or the `only` one that is asked for."""
    ids = [] if isinstance(share.series, str) else share.series
    where = "and id = :only" if only else ""
    return conn.execute(
        f"{_SHARED} {where} order by title collate nocase, id",
        {"ids": json.dumps(ids), "all": share.series == "all", "only": only},
    ).fetchall()


def _matches(row: sqlite3.Row, folded: str) -> bool:
    titles = [row["title"], *json.loads(row["titles"])]
    return any(folded in spelling.fold(title) for title in titles)


def _file(series_id: str, held: Held, found: "Found", addresses: Addresses) -> SharedFile:
    from store.names import languages, versions  # late: a server that shares nothing needs neither

    is_known = (held.size, held.mtime) == tuple(found.stamp)
    return SharedFile(
        code=codes.code(held.season, held.number),
        title=held.title,
        aired=held.aired,
        languages=languages.read(held.path.rpartition(".")[0]).codes,
        version=versions.find(held.path.partition("/")[2]),
        resolution=lines_of(held.path) or None,
        size=found.stamp.size,
        modified=_modified(found.stamp),
        sha256=held.sha256 if is_known else None,
        extension=extensions.of(held.path),
        url=addresses.file(series_id, held.path),
        subtitles=[
            SharedSubtitles(
                language=_language(suffix), suffix=suffix, url=addresses.file(series_id, path)
            )
            for suffix, path in sorted(found.subtitles.items())
        ],
    )


def _poster(series_id: str, found: "FoundPoster", addresses: Addresses) -> SharedPoster:
    url = addresses.file(series_id, found.path)
    return SharedPoster(size=found.stamp.size, modified=_modified(found.stamp), url=url)


def _modified(stamp: Stamp) -> str:
    """When a file was changed, in seconds of UTC."""
    seconds = min(max(stamp.mtime // 10**9, 0), LAST_SECOND)
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _language(suffix: str) -> str | None:
    """The language that a subtitle's suffix names: `de` of `.de.forced.srt`."""
    from store.names.codes_of_languages import code_of  # late, as above

    words = suffix.casefold().replace("-", ".").split(".")[:-1]
    return next(filter(None, map(code_of, words)), None)
