"""The one door to the network, for listings and for transfers alike.

Every address is judged before it is dialled, every redirect is followed by hand, and whatever goes
wrong comes out as a ProviderError with a plain message: never the remote body, never a secret from
a URL.

Looking names up and dialling addresses happens on the event loop, where both can be abandoned at
any moment; TLS, requests and answers are read and written on threads, which costs half of the CPU
that the event loop takes. A cancelled caller shuts the socket down and waits until the thread has
ended."""

from __future__ import annotations

import asyncio
import math
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from io import BytesIO
from time import monotonic
from typing import TypeVar, Unpack

from yarl import URL

from providers import digest, refusals
from providers.addresses import METADATA, is_ours, judge
from providers.answer import BROKEN, SMALL_READ_BYTES, Answer
from providers.bodies import Bodies, Document
from providers.connection import Connection, Origin, SecureConnection, Unanswered
from providers.dialling import dial, look_up
from providers.http_head import Headers
from providers.idle import IdleConnections
from providers.pace import Pace
from providers.request import Asking, Request, has_login, logged_in
from providers.trust import Trust
from store import VERSION
from store.errors import ProviderError
from store.threads import Threads

T = TypeVar("T")

ANSWER_SECONDS = (
    60  # for TLS, a request and the head of its answer; for the whole of a small answer
)
MAX_SMALL_BODY_BYTES = 5_000_000
MAX_REDIRECTS = 5
MAX_THREADS = 64  # requests at a time, all sources together
REDIRECTS = {301, 302, 303, 307, 308}
OWN_HEADERS = {
    "User-Agent": f"aniworld-server/{VERSION}",
    "Accept-Encoding": "identity",
    "Accept": "*/*",
}
# What may follow a redirect to another origin: nothing here can carry a secret.
HARMLESS_HEADERS = {"accept", "depth", "if-modified-since", "if-none-match", "if-range", "range"}


class Network:
    """`own_port`: the port this server listens on; it is refused on every address of ours. May be
    set later. `lan`: base host -> whether it lies in private space. Noted when a base is first
    used, unless given; keep it (it is a plain dict) to hold a public name to its word over a
    restart. `tls`: the context for https; by default one that trusts what the system trusts.
    `trust` says which further authorities count for which base."""

    def __init__(
        self,
        own_port: int | None = None,
        *,
        tls: ssl.SSLContext | None = None,
        lan: dict[str, bool] | None = None,
    ):
        self.own_port = own_port
        self.lan: dict[str, bool] = {} if lan is None else lan
        self.trust = Trust(tls)
        self._threads = Threads(MAX_THREADS, "network")
        self._idle = IdleConnections()
        self._bodies = Bodies()
        self._pictures = Bodies()  # no list waits for one
        # base -> the only hosts that are asked for it, redirects included
        self.named: dict[str, frozenset[str]] = {}
        self._pace = Pace(self.lan)
        self._challenges: dict[
            Origin, digest.Challenge | None
        ] = {}  # of servers that refused Basic
        self._heard_at: dict[str, float] = {}  # base -> monotonic time of its last good answer

    async def start(self) -> None:
        """Make ready, again after `close` too."""
        self._idle.open()
        self._threads = Threads(MAX_THREADS, "network")

    async def close(self) -> None:
        self._idle.close()
        self._threads.close()

    async def __aenter__(self) -> Network:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def heard_at(self, base: str) -> float:
        """The monotonic time of the last good answer for this base."""
        return self._heard_at.get(base, -math.inf)

    def hear(self, base: str) -> None:
        """Note a good answer for this base."""
        self._heard_at[base] = monotonic()

    @asynccontextmanager
    async def get(self, url: str, **asking: Unpack[Asking]) -> AsyncIterator[Answer]:
        """Send one request, and follow redirects. Raises ProviderError.

        The body of the answer is unread, and reading it belongs on a thread.
        """
        base, headers = asking["base"], dict(asking.get("headers", {}))
        method, data = asking.get("method", "GET"), asking.get("data", b"")
        request = Request(_url(url), base, method, headers, data)
        answer = await self._follow(request)
        try:
            if not 200 <= answer.status < 300 and answer.status not in asking.get("passing", ()):
                if answer.status == 401 and "Authorization" in headers:
                    refusals.check_login(answer.headers, _url(answer.url), request.url)
                failure = refusals.of_status(answer.status, answer.headers)
                if failure.cause == "busy":
                    self._pace.refused(url, base, failure.retry_after or 0.0)
                raise failure
            self.hear(base)
            self._pace.answered(url, base)
            yield answer
        finally:
            self._idle.put_back(answer)

    async def read(
        self, url: str, *, limit: int = MAX_SMALL_BODY_BYTES, **asking: Unpack[Asking]
    ) -> tuple[bytes, Headers, str]:
        """A whole small body, its headers, and the address it came from in the end. At most `limit`
        bytes and ANSWER_SECONDS; all else is as for `get`."""
        await self._pace.turn(url, asking["base"])
        async with (
            _in_time() as time,
            self.get(url, **asking) as answer,
            self._bodies.read(answer, limit, self._threads, time) as document,
        ):
            return document.body, document.headers, document.url

    async def parse(
        self,
        parse: Callable[[Document], T],
        url: str,
        *,
        limit: int = MAX_SMALL_BODY_BYTES,
        is_picture: bool = False,
        **asking: Unpack[Asking],
    ) -> T:
        """What `parse`, on a thread, makes of a body that is read as by `read`. All bodies but
        pictures share the memory that this takes, until each is parsed."""
        bodies = self._pictures if is_picture else self._bodies
        await self._pace.turn(url, asking["base"])
        async with AsyncExitStack() as stack:
            async with _in_time() as time, self.get(url, **asking) as answer:
                reading = bodies.read(answer, limit, self._threads, time)
                document = await stack.enter_async_context(reading)
            return await bodies.parse(parse, document)

    async def begin(
        self, url: str, count: int, **asking: Unpack[Asking]
    ) -> tuple[bytes, int, Headers]:
        """Read the first `count` bytes of a body, or all of a shorter one, with its status and
        headers; the rest stays unread. All else is as for `read`."""
        await self._pace.turn(url, asking["base"])
        async with _in_time(), self.get(url, **asking) as answer:
            body = BytesIO()
            enough = partial(answer.read_to, body, count, count + SMALL_READ_BYTES)
            await self._threads.run(enough, stop=answer.connection.stop)
            return body.getvalue()[:count], answer.status, answer.headers

    # --- requests and redirects -------------------------------------------------------------------

    async def _follow(self, request: Request) -> Answer:
        home = _url(request.base)
        abroad = False  # a public hop never leads back into private space
        for _ in range(MAX_REDIRECTS + 1):
            if request.url.host not in self.named.get(request.base, (request.url.host,)):
                raise _led_away("The source leads to a host that is not named in the settings")
            addresses = await self._allowed(request.url, home, abroad)
            abroad = abroad or "public" in map(judge, addresses)
            answer = await self._log_in(request, addresses)
            if answer.status not in REDIRECTS:
                return answer
            self._idle.put_back(answer)
            request = _redirected(request, answer)
        raise ProviderError(
            f"The source redirects more than {MAX_REDIRECTS} times", cause="refusal"
        )

    async def _log_in(self, request: Request, addresses: list[str]) -> Answer:
        """Send a request, with the kind of login that the server wants: Basic, unless it has asked
        for Digest. It asks when it refuses, and the request is then sent once more."""
        origin = _origin(request.url)
        asked = self._challenges.get(origin)
        answer = await self._ask(logged_in(request, asked), addresses)
        if answer.status != 401 or not has_login(request):
            return answer
        wanted = None if digest.offers_basic(answer.headers) else digest.challenge(answer.headers)
        self._challenges[origin] = wanted
        if asked is wanted:  # None: it is Basic, and wrong
            return answer
        self._idle.put_back(answer)
        return await self._ask(logged_in(request, wanted), addresses)

    async def _ask(self, request: Request, addresses: list[str]) -> Answer:
        """Send one request. A server may close a connection just when a request arrives: the
        request is then sent once more, on a new connection."""
        url = request.url
        headers = {"Host": url.host_port_subcomponent or "", **OWN_HEADERS} | request.headers
        authority = self.trust.file(request.base)
        connection = self._idle.take(_origin(url), addresses, authority)
        for _ in range(2):
            connection = connection or await self._connect(request, addresses)
            connection.authority = authority
            try:
                async with _in_time():
                    head = await self._threads.run(
                        connection.exchange,
                        request.method,
                        url.raw_path_qs,
                        headers,
                        request.data,
                        stop=connection.stop,
                    )
                return Answer(connection, head, str(url))
            except Unanswered:
                connection.close()
                connection = None
            except BaseException:
                connection.close()
                raise
        raise ProviderError(BROKEN, cause="broken off")

    async def _connect(self, request: Request, addresses: list[str]) -> Connection:
        origin = _origin(request.url)
        if request.url.scheme == "http":
            connected, address = await dial(addresses, origin[2])
            return Connection(connected, origin, address)
        context = await self._threads.run(self.trust.context, request.base)
        connected, address = await dial(addresses, origin[2])
        try:
            return SecureConnection(connected, origin, address, context)
        except BaseException:
            connected.close()
            raise

    # --- judging ----------------------------------------------------------------------------------

    async def _allowed(self, url: URL, home: URL, abroad: bool) -> list[str]:
        """The addresses of `url`'s host that may be dialled for `home`. ProviderError if there is
        none."""
        _, host, port = _origin(url)
        found = [a for a in await look_up(host, port) if judge(a) != "never"]
        if url.host == home.host:
            self.lan.setdefault(str(home.host), _any_private(found))
        if host.lower().rstrip(".") in METADATA or not found:
            raise _led_away("The source leads to an address that is never called")
        if port == self.own_port and any(map(is_ours, found)):
            raise _led_away("The source leads to this server itself")
        if _any_private(found) and (abroad or not await self._is_at_home(url, home, found)):
            raise _led_away(
                "The source leads to a private address that is not its own",
                "Put the address to which it leads into the settings",
            )
        return found

    async def _is_at_home(self, url: URL, home: URL, found: list[str]) -> bool:
        """Whether the addresses `found` are those of the owner's source, in private space."""
        home_addresses = found if url.host == home.host else await look_up(*_origin(home)[1:])
        in_lan = self.lan.setdefault(str(home.host), _any_private(home_addresses))
        return in_lan and set(found) <= set(home_addresses)


def _led_away(message: str, fix: str = "Correct the address") -> ProviderError:
    return ProviderError(message, final=True, cause="refusal", fix=fix)


def _any_private(addresses: list[str]) -> bool:
    return any(judge(address) == "private" for address in addresses)


@asynccontextmanager
async def _in_time() -> AsyncIterator[asyncio.Timeout]:
    try:
        async with asyncio.timeout(ANSWER_SECONDS) as time:
            yield time
    except TimeoutError as slow:
        raise ProviderError(
            f"The source did not finish its answer within {ANSWER_SECONDS} seconds",
            cause="silent",
        ) from slow


def _url(text: str, base: URL | None = None) -> URL:
    try:
        url = URL(
            text, encoded=text.isascii() and " " not in text
        )  # kept as it is: addresses may be signed
        url = base.join(url) if base else url
        good = url.scheme in ("http", "https") and url.host and url.port and text.isprintable()
    except ValueError:
        good = False
    if not good:
        raise _led_away("The source names an address that is no http or https address")
    if url.user is not None or url.password is not None:
        raise _led_away("An address with a user name in it is not called")
    return url


def _origin(url: URL) -> Origin:
    """The origin of an address that `_url` has let pass, which has a host and a port."""
    assert url.raw_host and url.port
    return url.scheme, url.raw_host, url.port


def _redirected(request: Request, answer: Answer) -> Request:
    """The request that an answer redirects to. Raises ProviderError."""
    url, headers = request.url, request.headers
    onward = _url(answer.headers.get("Location") or "nowhere:", url)
    if url.scheme == "https" and onward.scheme == "http":
        raise _led_away(
            "The source redirects from https to http", "Let the server redirect to https"
        )
    if onward.origin() != url.origin():
        headers = {name: text for name, text in headers.items() if name.lower() in HARMLESS_HEADERS}
    if answer.status == 303 and request.method != "HEAD":
        request = request._replace(method="GET", data=b"")
    return request._replace(url=onward, headers=headers)
