"""The meaning of a status that refuses: why, and when the source may be asked again. Pure."""

from __future__ import annotations

import math
from email.utils import parsedate_to_datetime
from time import time
from typing import Any

from yarl import URL

from providers import digest
from providers.http_head import Headers
from store.errors import Cause, ProviderError

MAX_WAIT_SECONDS = 900  # that a source is left alone, whatever its Retry-After says
FINAL = {401, 403, 404, 410}
STATUS_NAMES = {
    401: "wrong user or password",
    403: "access refused",
    404: "not found",
    410: "gone",
    416: "range refused",
    429: "too many requests",
    503: "busy",
}


def check_login(headers: Headers, url: URL, asked: URL) -> None:
    """Raise a ProviderError where a login was refused for another reason than a wrong password: by
    an answer from `url` when `asked` was asked for."""
    origin = url.origin()
    schemes = headers.all("WWW-Authenticate")
    details: dict[str, Any] = {}
    if origin != asked.origin():
        message = f"The source redirects to {origin}, and a login is never sent along"
        fix = "Put the address to which it redirects into the settings"
        details["leads_to"] = str(origin)
    elif schemes and not digest.offers_basic(headers) and not digest.challenge(headers):
        message = "The source asks for a login of a kind that is not known here"
        fix = "Switch the server to Basic logins and https, or to Digest with MD5 or SHA-256"
    else:
        return
    raise ProviderError(message, final=True, cause="login", status=401, fix=fix, **details)


def of_status(status: int, headers: Headers) -> ProviderError:
    """The failure for a status that brings nothing."""
    again = status in (202, 408, 425, 429) or status >= 500
    name = f" ({STATUS_NAMES[status]})" if status in STATUS_NAMES else ""
    return ProviderError(
        f"The source answered {status}{name}",
        final=status in FINAL,
        cause=_cause(status),
        status=status,
        retry_after=retry_after(headers.get("Retry-After", "")) if again else None,
    )


def _cause(status: int) -> Cause:
    """Why a source answered with this status, which is no success."""
    if status in (202, 408, 425, 429, 503):
        return "busy"
    if status == 401:
        return "login"
    if status in FINAL:
        return "missing"
    return "server error" if status >= 500 else "refusal"


def retry_after(text: str, now: float | None = None) -> float | None:
    """Seconds to wait, 0 to 900, from whole seconds or an HTTP date; None if it is neither."""
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - (time() if now is None else now)
        except (ValueError, TypeError, OverflowError):
            return None
    return None if math.isnan(seconds) else min(max(seconds, 0.0), MAX_WAIT_SECONDS)
