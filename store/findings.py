"""The findings of a check of the machine, and their order of harm."""

from typing import Literal

from store.schema import record

# From the best to the worst. A note asks for nothing.
State = Literal["ok", "note", "warning", "problem"]
STATES: tuple[State, ...] = ("ok", "note", "warning", "problem")


@record
class Finding:
    """`area` is what was looked at: a setting's name, `state`, `clock`, `source nas`, `proxy`.

    `fix` says what to do; it is empty where nothing is wrong.
    """

    area: str
    state: State
    message: str
    fix: str = ""


def worst(findings: list[Finding]) -> State:
    """The worst state of these findings."""
    return max((each.state for each in findings), key=STATES.index, default="ok")
