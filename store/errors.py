"""The failures that a caller is told about.

Each kind carries the error code of the API reference. The socket's `error_code` and the queue use
the same codes; handlers/errors.py knows the HTTP status that goes with each.
"""

from __future__ import annotations

from typing import Any, Literal

# Why a source failed; downloads/judgement.py says what follows from each.
Cause = Literal[
    "refused",
    "unreachable",
    "name unknown",
    "certificate",
    "TLS",
    "no listing",
    "login",
    "server error",
    "busy",
    "broken off",
    "silent",
    "missing",
    "refusal",
    "no video",
    "file",
]


class Failure(Exception):
    """A failure that the caller is told about: a message for people, `details` for programs.

    Both may be shown to anyone who can make the call, so neither ever holds a secret.
    """

    code = "INTERNAL_SERVER_ERROR"

    def __init__(self, message: str, **details: Any):
        super().__init__(message)
        self.details = details


class BadRequest(Failure):
    """A well-formed call that cannot work (status 400; the reference has no code for it)."""

    code = "BAD_REQUEST"


class Unauthorized(Failure):
    code = "AUTHENTICATION_ERROR"


class Forbidden(Failure):
    code = "AUTHORIZATION_ERROR"


class Invalid(Failure):
    """A value without the form that the call takes; `details` are `field` and `issue`."""

    code = "VALIDATION_ERROR"

    def __init__(self, field: str, issue: str):
        super().__init__("Request validation failed", field=field, issue=issue)


class NotFound(Failure):
    code = "NOT_FOUND"


class Conflict(Failure):
    code = "CONFLICT"


class TooMany(Failure):
    """A limit was hit; `details.retry_after` is in whole seconds."""

    code = "RATE_LIMIT_EXCEEDED"


class DownloadError(Failure):
    """Our side of a download failed: the disk, the library, a name that is taken."""

    code = "DOWNLOAD_ERROR"


class ConfigurationError(Failure):
    code = "CONFIGURATION_ERROR"


class DatabaseError(Failure):
    code = "DATABASE_ERROR"


class ProviderError(Failure):
    """A source failed.

    `final`: asking again is of no use. `retry_after`: the seconds that the source asked to be left
    alone. `cause`: what failed; "file" is something about the one thing that was asked for.
    """

    code = "PROVIDER_ERROR"

    def __init__(
        self,
        message: str,
        *,
        final: bool = False,
        retry_after: float | None = None,
        cause: Cause = "file",
        **details: Any,
    ):
        super().__init__(message, **details)
        self.final = final
        self.retry_after = retry_after
        self.cause = cause

    @property
    def down(self) -> bool:
        """Whether nobody answers at the source, whatever is asked for."""
        return self.cause in ("refused", "unreachable", "name unknown")


class Unsettled(Failure):
    """A file may still be being written at its source; it is to be left alone for `seconds`."""

    code = "PROVIDER_ERROR"

    def __init__(self, message: str, seconds: float):
        super().__init__(message)
        self.seconds = seconds
