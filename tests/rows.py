"""One test over all the rows of a table, which names each row that fails.

A test of its own for each row costs milliseconds in every process of the suite. Where rows need
nothing of their own, neither a server nor a folder, this is as good and costs nothing:

    @each_row("text, number", [("one", 1), ("two", 2)])
    def test_words(text, number):
        assert read(text) == number
"""

from __future__ import annotations

import functools
import inspect
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from _pytest.mark import ParameterSet

LINES_OF_A_FAILURE = 20


def each_row(
    names: str | Iterable[str],
    table: Iterable,
    ids: Iterable[str] | Callable[[Any], str | None] | None = None,
) -> Callable[[Callable], Callable]:
    """A decorator that takes what pytest.mark.parametrize takes. Fixtures serve all the rows."""
    listed = names.split(",") if isinstance(names, str) else names
    parameters = [name.strip() for name in listed]
    cases = list(_named(parameters, list(table), ids))
    assert cases, "a test of no rows cannot fail"

    def decorate(test: Callable) -> Callable:
        signature = inspect.signature(test)
        fixtures = [each for each in signature.parameters.values() if each.name not in parameters]

        @functools.wraps(test)
        def look(**fixtures: Any) -> None:
            failures: list[str] = []
            for name, values in cases:
                with _noted(name, failures):
                    test(**fixtures, **values)
            _tell(failures, len(cases))

        @functools.wraps(test)
        async def look_async(**fixtures: Any) -> None:
            failures: list[str] = []
            for name, values in cases:
                with _noted(name, failures):
                    await test(**fixtures, **values)
            _tell(failures, len(cases))

        whole = look_async if inspect.iscoroutinefunction(test) else look
        whole.__signature__ = signature.replace(parameters=fixtures)  # type: ignore[attr-defined]
        return whole

    return decorate


def _named(parameters: list[str], table: list, ids: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """(name of the row, its values by their parameters)."""
    names = None if ids is None or callable(ids) else list(ids)
    assert names is None or len(names) == len(table), "as many names as rows"
    for number, row in enumerate(table):
        own_name, values = None, [row] if len(parameters) == 1 else row
        if isinstance(row, ParameterSet):
            own_name, values = row.id, row.values
            assert not row.marks, "a row cannot be marked"
        assert len(values) == len(parameters), row
        if own_name is not None:
            name = own_name
        elif names is not None:
            name = str(names[number])
        else:
            told = [ids(value) if callable(ids) else None for value in values]
            name = "-".join(text or f"{value!r:.100}" for text, value in zip(told, values))
        yield name, dict(zip(parameters, values))


@contextmanager
def _noted(name: str, failures: list[str]) -> Iterator[None]:
    try:
        yield
    except pytest.skip.Exception:
        raise AssertionError(f"{name}: a row cannot be skipped") from None
    except (Exception, pytest.fail.Exception) as error:
        frames = traceback.extract_tb(error.__traceback__)
        where = next((each for each in reversed(frames) if _is_ours(each)), frames[-1])
        text = "\n".join(str(error).splitlines()[:LINES_OF_A_FAILURE])
        failures.append(f"[{name}] {where.filename}:{where.lineno} {type(error).__name__}: {text}")


def _is_ours(frame: traceback.FrameSummary) -> bool:
    return "/tests/" in frame.filename and frame.filename != __file__


def _tell(failures: list[str], count: int) -> None:
    if failures:
        head = f"{len(failures)} of {count} rows fail:"
        pytest.fail("\n".join((head, *failures)), pytrace=False)
