"""Finds whose the top folders of the library are, by the sources and the known series."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import NamedTuple

from downloads.events import Event, RescanProgress
from downloads.source_calls import SourceCalls, as_completed
from providers import Providers
from store import files, joining, offers, series, series_folders
from store.db import Database
from store.folders import Placed
from store.library_scan import Folder
from store.models import Hit, Listing
from store.names import database_ids, same_series, spelling
from store.names.claims import Claim, grant, is_called_so
from store.names.identity import Candidates, Evidence, Identity, identify
from store.series import LOCAL, Owner, Series


class Stranger(NamedTuple):
    """A folder that no source is known for: its names to search for, and what must be the same."""

    path: str
    names: list[str]
    identity: Identity


class Answer(NamedTuple):
    """A source's answer about a folder: it has this very series, by this evidence."""

    provider: str
    listing: Listing
    evidence: Evidence


class Recognition:
    """`await recognition(scanned, root, calls)` tells whose each folder is."""

    def __init__(self, db: Database, providers: Providers, publish: Callable[[Event], None]):
        self._db = db
        self._providers = providers
        self._publish = publish

    async def __call__(
        self, scanned: Sequence[Folder], root: Path, calls: SourceCalls
    ) -> list[Placed]:
        """The folders that could be read, or were known before, with their series.

        The sources are asked for a folder that only the library knows: one may have it by now.
        """
        owners = await self._db.run(series.by_folder)
        apart = await self._db.run(series_folders.apart)
        placed = [
            Placed(folder, owners[folder.path].series_id if folder.path in owners else None)
            for folder in scanned
            if folder.videos is not None or folder.path in owners
        ]
        unlinked = [
            place.folder
            for place in placed
            if _is_local(owners.get(place.folder.path)) and place.folder.path not in apart
        ]
        can_ask = any(True for _ in self._providers)
        followed = await self._db.run(series.followed)
        if not unlinked or not (can_ask or followed):
            return placed
        strangers = await asyncio.to_thread(_strangers, root, unlinked)
        answers = await self._ask_for(strangers, calls) if can_ask else {}
        seen = {folder.path for folder in scanned}
        decided = await self._db.run(_decide, strangers, answers, seen, not calls.unavailable)
        return [_with_decision(place, decided.get(place.folder.path)) for place in placed]

    async def _ask_for(
        self, strangers: Sequence[Stranger], calls: SourceCalls
    ) -> dict[str, Answer]:
        """path -> the answer of the source that has this very series."""

        async def ask(stranger: Stranger) -> tuple[str, Answer | None]:
            return stranger.path, await self._ask(stranger, calls)

        answers: dict[str, Answer] = {}
        done = 0
        async with aclosing(as_completed([ask(stranger) for stranger in strangers])) as asked:
            async for path, answer in asked:
                if answer:
                    answers[path] = answer
                done += 1
                self._publish(RescanProgress("sources", done, len(strangers)))
        return answers

    async def _ask(self, stranger: Stranger, calls: SourceCalls) -> Answer | None:
        """The answer with the best evidence, of several the first; a source that fails does not
        fail the rescan."""
        evidence: list[Evidence] = []

        def choose(hits: Sequence[Hit]) -> str | None:
            hit_names = Candidates([(identify(hit.name, ids=hit.ids), hit.key) for hit in hits])
            found = hit_names.find(stranger.identity)
            if not found:
                return None
            evidence[:] = [found[0]]
            return found[1]

        best: Answer | None = None
        for provider in self._providers:
            find = partial(provider.find, stranger.names, choose)
            listing = await calls.ask(provider.name, find)
            if listing is None:
                continue
            answer = Answer(provider.name, listing, *evidence)
            if best is None or answer.evidence.beats(best.evidence):
                best = answer
            if same_series.is_best(best.evidence):
                break
        return best


class Decision(NamedTuple):
    """The decision whose a folder is: a source's series, or a series that is known already."""

    series_id: str | None
    source: tuple[str, Listing] | None


def _with_decision(place: Placed, decision: Decision | None) -> Placed:
    if decision is None:
        return place
    series_id = decision.series_id or place.series_id
    return place._replace(series_id=series_id, source=decision.source)


def _decide(
    conn: sqlite3.Connection,
    strangers: Sequence[Stranger],
    answers: Mapping[str, Answer],
    seen: Collection[str],
    all_answered: bool,
) -> dict[str, Decision]:
    """path -> whose each folder surely is; a folder that is nobody's is left out.

    Where no source has a folder, the series that are known are asked: they may have got their
    folders by the owner's hand. A folder that is not `seen` any more is in nobody's way.
    `all_answered` says that no source failed.
    """
    owners = series.by_folder(conn)
    known = _known_series(conn, owners)
    claims: defaultdict[str, list[Claim]] = defaultdict(list)
    for path, _, identity in strangers:
        if answer := answers.get(path):
            target = joining.find_owner(conn, answer.provider, answer.listing)
            if offers.is_apart(conn, target, answer.provider, answer.listing.key):
                continue  # its id was that of another series, before the owner told them apart
            claims[target].append(Claim(path, identity, answer.evidence))
        elif found := known.find(identity):
            claim = Claim(path, identity, found[0])
            if is_called_so(claim) and (all_answered or claim.evidence.agreement[-1]):
                claims[found[1]].append(claim)
    decided: dict[str, Decision] = {}
    for target, rivals in claims.items():
        owned = [
            identify(folder) for folder in series_folders.of_series(conn, target) if folder in seen
        ]
        for path in grant(rivals, owned):
            if answer := answers.get(path):
                decided[path] = Decision(None, (answer.provider, answer.listing))
                continue
            decided[path] = Decision(target, None)
            if path in owners:  # it was a series of its own until now
                series_folders.absorb(conn, owners[path].series_id, target)
                files.judge_again(conn, target)
    return decided


def _known_series(conn: sqlite3.Connection, owners: Mapping[str, Owner]) -> Candidates[str]:
    """The ids of the series that a source has, by their titles and folders."""
    folders: defaultdict[str, list[str]] = defaultdict(list)
    for path, owner in owners.items():
        folders[owner.series_id].append(path)
    return Candidates(
        [
            # A folder tells its own season, not the series'.
            (
                identify(f"{anime.title} {anime.ids}", *folders[anime.id])._replace(seasons=None),
                anime.id,
            )
            for anime in series.followed(conn)
        ]
    )


def _identity_of(anime: Series, folders: Sequence[str]) -> Identity:
    """A folder tells its own season, not the series'."""
    return identify(f"{anime.title} {anime.ids}", *folders)._replace(seasons=None)


def _is_local(owner: Owner | None) -> bool:
    """Whether no source is known for a folder of this series, or of none."""
    return owner is None or owner.provider == LOCAL


def _strangers(root: Path, unlinked: Sequence[Folder]) -> list[Stranger]:
    """The identity of each folder by its name and its NFO file."""
    from store import nfo  # late: a server that scans nothing never needs it

    strangers = []
    for folder in unlinked:
        described = nfo.read(root / folder.path)
        ids = database_ids.parse(folder.path) | dict(described.ids)
        # The folder's name comes first: it tells the season.
        identity = identify(
            folder.path,
            *described.names,
            year=spelling.year(folder.title) or described.year,
            ids=ids,
        )
        names = [folder.title, *described.names, identity.names[0].title]
        if ids:
            names.append(database_ids.bracketed(ids))
        strangers.append(Stranger(folder.path, list(dict.fromkeys(names)), identity))
    return strangers
