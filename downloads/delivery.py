"""One message to one server: whether it arrived, or what is wrong and how to mend it."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from downloads import media_servers, notice_requests
from downloads.notice_texts import Message, compose
from providers import trial, trust
from providers.network import Network
from store.clock import now
from store.errors import Failure, ProviderError
from store.outbox import Batch
from store.targets import MediaServer, Notify

SEND_SECONDS = 30.0
REFUSED = (400, 413, 422)  # what is wrong with the message itself
TEST = Message(0, "test", "", "Aniworld", "This is a test: messages arrive here.", [])

# What helps against a refused token or a wrong address.
TOKEN_FIXES = {
    "webhook": "Correct the token: it is sent as Authorization: Bearer",
    "ntfy": "Make an access token in ntfy, under Account, for a user who may write to the topic",
    "gotify": "Take the token of an application (Apps in Gotify), not that of a client",
    "discord": "Copy the address of the webhook anew from the settings of the channel",
    "jellyfin": "Make a key in the dashboard of Jellyfin, under API keys",
    "plex": "Take the X-Plex-Token of the account that owns the server",
}
ADDRESS_FIXES = {
    "webhook": "Correct the path in the address",
    "ntfy": "Write the address of a topic: https://<server>/<topic>",
    "gotify": "Write the address of the server, without /message",
    "discord": "Copy the address of the webhook anew: it was deleted, or is not whole",
    "jellyfin": "Write the address of the server, as the page in the browser has it before /web",
    "plex": "Write the address of the server, such as http://nas.lan:32400",
}


class Outcome(NamedTuple):
    """`fix` is empty where nothing is wrong."""

    ok: bool
    message: str
    fix: str = ""


class NotArrived(Exception):
    """Why a message has not arrived, and whether the server refuses this very message."""

    def __init__(self, outcome: Outcome, *, refused: bool, retry_after: float = 0.0):
        super().__init__(outcome.message)
        self.outcome = outcome
        self.refused = refused
        self.retry_after = retry_after


class Sender:
    """Sends to one target over connections of its own. `own_port` is never called on this machine.

    The owner names the address, so it may be a private one; a redirect to another is refused.
    """

    def __init__(self, target: Notify | MediaServer, own_port: int | None):
        self._target = target
        self._network = Network(own_port)
        if target.ca_file:
            self._network.trust.files = {trust.origin(target.url): target.ca_file}

    async def __aenter__(self) -> Sender:
        await self._network.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._network.close()

    async def send(self, batch: Batch, library: str) -> None:
        """Send a message; paths in it are relative to the folder `library`. Raises NotArrived."""
        target = self._target
        try:
            async with asyncio.timeout(SEND_SECONDS):
                if isinstance(target, MediaServer):
                    paths = [notice.file_path or "" for notice in batch.notices]
                    await media_servers.tell(target, self._network, library, paths)
                else:
                    await self._post(target, compose(*batch))
        except TimeoutError:
            message = f"The server did not finish its answer within {SEND_SECONDS:g} seconds"
            outcome = Outcome(False, message, trial.FIXES["silent"])
            raise NotArrived(outcome, refused=False) from None
        except Failure as failure:
            refused = failure.details.get("status") in REFUSED
            retry_after = failure.retry_after if isinstance(failure, ProviderError) else None
            outcome = explain(target, failure)
            raise NotArrived(outcome, refused=refused, retry_after=retry_after or 0.0) from None

    async def test(self, library: str) -> Outcome:
        """Send a test, or ask a media server whether it knows the folder `library`."""
        target = self._target
        try:
            async with asyncio.timeout(trial.TRIAL_SECONDS):
                if isinstance(target, MediaServer):
                    ok, message, fix = await media_servers.test(target, self._network, library)
                    return Outcome(ok, message, fix)
                await self._post(target, TEST._replace(timestamp=now()))
        except TimeoutError:
            message = f"The server did not finish its answer within {trial.TRIAL_SECONDS:g} seconds"
            return Outcome(False, message, trial.FIXES["silent"])
        except Failure as failure:
            return explain(target, failure)
        return Outcome(True, "The test message was sent; look whether it has arrived")

    async def _post(self, target: Notify, message: Message) -> None:
        post = notice_requests.make(target, message)
        request = self._network.get(
            post.url, base=target.url, headers=post.headers, method="POST", data=post.body
        )
        async with request:
            pass  # its status is all that counts


async def test(target: Notify | MediaServer, own_port: int | None, library: str) -> Outcome:
    """Try a target that need not be configured; nothing of it is stored."""
    if lack := target.lack():
        return Outcome(False, lack.issue, lack.fix)
    async with Sender(target, own_port) as sender:
        return await sender.test(library)


def explain(target: Notify | MediaServer, failure: Failure) -> Outcome:
    """The fault, and how to mend it. The network calls every server a source."""
    message = str(failure).replace("The source", "The server")
    status = failure.details.get("status")
    fix = failure.details.get("fix")
    if status in (401, 403):
        message = f"The server answered {status}: it refused the token"
        fix = TOKEN_FIXES[target.type]
    elif status in (404, 405, 410):
        fix = ADDRESS_FIXES[target.type]
    elif status in REFUSED:
        fix = "Check that the type fits the server, and the address; its log may say more"
    elif fix is None:
        cause = failure.cause if isinstance(failure, ProviderError) else "file"
        fix = trial.FIXES[cause]
    return Outcome(False, message, fix)
