"""The number that counts according to the neighbours or the folder: it is above all others."""

from __future__ import annotations

from typing import Literal, NamedTuple

from store.names.grammar import Candidate
from store.names.lexer import Tokens
from store.names.number_runs import read_ending, read_number, read_run

CHOSEN_SCORE = 150  # more than any code


Form = Literal["number", "run", "pair"]


class Chosen(NamedTuple):
    """The number at token `token` is the episode's.

    It stands alone, begins a run ("01-02"), or has its season in front ("2.05").
    """

    token: int
    form: Form = "number"


def read_chosen(tokens: Tokens, chosen: Chosen) -> Candidate:
    """Read the number that counts according to the neighbours."""
    if chosen.form == "run":
        episodes, last, version = read_run(tokens, chosen.token, None)
    else:
        number, last = read_number(tokens, chosen.token, None)
        version, last = read_ending(tokens, last)
        episodes = (number,)
    is_pair = chosen.form == "pair"
    return Candidate(
        score=CHOSEN_SCORE,
        first=chosen.token - 2 if is_pair else chosen.token,
        last=last,
        season=int(tokens.words[chosen.token - 2]) if is_pair else None,
        episodes=episodes,
        rule="dot" if is_pair else "number",
        version=version,
    )


def raise_code(code: Candidate, tokens: Tokens, chosen: Chosen) -> Candidate:
    """The code that has the chosen number, above all others; of a run the number alone."""
    episodes, last = code.episodes, code.last
    if chosen.form == "number" and len(episodes) > 1:
        number, last = read_number(tokens, chosen.token, code.season)
        episodes = (number,)
    return code._replace(score=CHOSEN_SCORE, episodes=episodes, last=last)
