"""A trial of one source: the series there, or the fault and how to mend it."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from providers.checked import CheckedProvider
from store.errors import Cause, Failure, ProviderError

TRIAL_SECONDS = 15.0
EXAMPLES = 3  # titles that are shown

# The cure, where the failure itself does not tell one.
FIXES: dict[Cause, str] = {
    "refused": "Start the server there, or correct the port in the address",
    "unreachable": "Switch the machine on, or correct the address",
    "name unknown": "Correct the name in the address, or write the machine's IP address",
    "certificate": "Renew the certificate",
    "TLS": "Let the server speak TLS 1.2 or newer there",
    "no listing": "Point the address at a folder, and switch its listing on in the server",
    "login": "Correct username and password",
    "server error": "Look into the log of that server, or try again later",
    "busy": "Try again later",
    "broken off": "Check that a web server listens at this port; if it speaks TLS, write https://",
    "silent": "Check that a web server listens at this port, and that no firewall is between",
    "missing": "Correct the path in the address, and let the server read and list that folder",
    "refusal": "Check what stands between, such as a proxy or a login page, and the address",
    "file": "Correct the address",
    "no video": "Correct the address",
}


class Outcome(NamedTuple):
    """`series` counts what was found; `fix` is empty where nothing is wrong."""

    ok: bool
    message: str
    series: int = 0
    examples: tuple[str, ...] = ()
    fix: str = ""


BUSY = Outcome(False, "Another trial has not ended yet", fix="Try again later")


async def run(provider: CheckedProvider, when_empty: str) -> Outcome:
    """Ask the source for all its series, for TRIAL_SECONDS at most, and close it.

    `when_empty` says what to do where it has none.
    """
    try:
        async with asyncio.timeout(TRIAL_SECONDS):
            titles = await provider.titles()
            if not titles:
                await provider.look()
    except TimeoutError:
        message = f"The source did not finish its answer within {TRIAL_SECONDS:g} seconds"
        return Outcome(False, message, fix=FIXES["silent"])
    except Failure as failure:
        return failed(failure)
    finally:
        await provider.close()
    if not titles:
        return Outcome(False, "The source answers, but lists no series", fix=when_empty)
    count = len(titles)
    return Outcome(
        ok=True,
        message=f"The source works and has {count} series",
        series=count,
        examples=tuple(titles[:EXAMPLES]),
    )


def failed(failure: Failure) -> Outcome:
    """The outcome of a failed trial: the fault, and how to mend it."""
    cause = failure.cause if isinstance(failure, ProviderError) else "file"
    return Outcome(False, str(failure), fix=failure.details.get("fix") or FIXES[cause])
