"""The reasons for which another instance refuses a request, in words for people. Pure."""

from __future__ import annotations

from providers.json_answers import Fields
from store.errors import ProviderError

MAKE_A_KEY = "Let its owner make a key of scope 'share' there, and put it into the settings"


def is_one(answer: Fields) -> bool:
    """Whether a document is an error of an instance's API, with its five keys."""
    return answer.get("success") is False and {"error", "details", "request_id"} <= {*answer}


def explain(failure: ProviderError, refusal: Fields, *, has_key: bool) -> ProviderError:
    """Why an instance has answered 401 or 403."""
    found = refusal["details"]
    details: Fields = found if isinstance(found, dict) else {}
    if failure.details.get("status") == 401:
        if details.get("setup_required") is True:
            message = "The Aniworld there is not set up yet"
            return told(failure, message, "Let its owner set a password, share, and make a key")
        message = "wrong" if has_key else "missing"
        return told(failure, f"The source answered 401 (the share key is {message})", MAKE_A_KEY)
    if details.get("sharing") == "none":
        message = "The Aniworld there shares nothing"
        return told(failure, message, "Let its owner set 'share' in the settings there")
    message = "The source answered 403 (the key is of another scope)"
    return told(failure, message, MAKE_A_KEY)


def told(failure: ProviderError, message: str, fix: str) -> ProviderError:
    """The same failure in other words."""
    return ProviderError(
        message,
        final=failure.final,
        retry_after=failure.retry_after,
        cause=failure.cause,
        **{**failure.details, "fix": fix},
    )
