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
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from time import time

from yarl import URL

from providers.addresses import METADATA, is_ours, judge
from providers.answer import BROKEN, Answer
from providers.connection import Connection, Origin, SecureConnection, Unanswered
from providers.dialling import dial, look_up
from providers.http_head import Headers, is_packed
from providers.idle import IdleConnections
from store import VERSION
from store.errors import Cause, ProviderError
from store.threads import Threads

ANSWER_SECONDS = (
    60  # for TLS, a request and the head of its answer; for the whole of a small answer
)
MAX_SMALL_BODY_BYTES = 5_000_000
MAX_REDIRECTS = 5
MAX_THREADS = 64  # requests at a time, all sources together
MAX_WAIT_SECONDS = 900  # that a source is left alone, whatever its Retry-After says
FINAL = {401, 403, 404, 410}
REDIRECTS = {301, 302, 303, 307, 308}
STATUS_NAMES = {
    401: "wrong user or password",
    403: "access refused",
    404: "not found",
    410: "gone",
    416: "range refused",
    429: "too many requests",
    503: "busy",
}
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
    restart. `tls`: the context for https; by default one that trusts what the system trusts."""

    def __init__(
        self,
        own_port: int | None = None,
        *,
        tls: ssl.SSLContext | None = None,
        lan: dict[str, bool] | None = None,
    ):
        self.own_port = own_port
        self.lan: dict[str, bool] = {} if lan is None else lan
        self._tls = tls
        self._threads = Threads(MAX_THREADS, "network")
        self._idle = IdleConnections()

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

    @asynccontextmanager
    async def get(
        self,
        url: str,
        *,
        base: str,
        headers: Mapping[str, str] = {},
        method: str = "GET",
        data: bytes = b"",
        passing: tuple[int, ...] = (),
    ) -> AsyncIterator[Answer]:
        """The answer to one request, redirects followed. Its body is unread, and reading it belongs
        on a thread. Statuses other than 2xx and those in `passing` are raised.

        `base` is the owner's address of this source: private addresses are allowed on its host
        alone. `headers` other than the harmless ones stay with the origin of `url`. Raises
        ProviderError."""
        answer = await self._follow(_url(url), _url(base), dict(headers), method, data)
        try:
            if not 200 <= answer.status < 300 and answer.status not in passing:
                if answer.status == 401 and "Authorization" in headers:
                    _refuse_login(answer, _url(url))
                raise _refused(answer)
            yield answer
        finally:
            self._idle.put_back(answer)

    async def read(
        self,
        url: str,
        *,
        base: str,
        headers: Mapping[str, str] = {},
        method: str = "GET",
        data: bytes = b"",
        passing: tuple[int, ...] = (),
        limit: int = MAX_SMALL_BODY_BYTES,
    ) -> tuple[bytes, Headers, str]:
        """A whole small body, its headers, and the address it came from in the end. At most `limit`
        bytes and ANSWER_SECONDS; all else is as for `get`."""
        request = self.get(
            url, base=base, headers=headers, method=method, data=data, passing=passing
        )
        async with _in_time(), request as answer:
            if is_packed(answer.headers):
                raise ProviderError(
                    "The source sent packed data although plain data was asked for", final=True
                )
            body = await self._threads.run(answer.read, limit, stop=answer.connection.stop)
            return body, answer.headers, answer.url

    # --- requests and redirects -------------------------------------------------------------------

    async def _follow(
        self, url: URL, home: URL, headers: dict[str, str], method: str, data: bytes
    ) -> Answer:
        abroad = False  # a public hop never leads back into private space
        for _ in range(MAX_REDIRECTS + 1):
            addresses = await self._allowed(url, home, abroad)
            abroad = abroad or "public" in map(judge, addresses)
            answer = await self._ask(url, addresses, headers, method, data)
            if answer.status not in REDIRECTS:
                return answer
            self._idle.put_back(answer)
            onward = _url(answer.headers.get("Location") or "nowhere:", url)
            if url.scheme == "https" and onward.scheme == "http":
                raise ProviderError("The source redirects from https to http", final=True)
            if onward.origin() != url.origin():
                headers = {
                    name: value
                    for name, value in headers.items()
                    if name.lower() in HARMLESS_HEADERS
                }
            if answer.status == 303 and method != "HEAD":
                method, data = "GET", b""
            url = onward
        raise ProviderError(f"The source redirects more than {MAX_REDIRECTS} times")

    async def _ask(
        self, url: URL, addresses: list[str], headers: dict[str, str], method: str, data: bytes
    ) -> Answer:
        """Send one request. A server may close a connection just when a request arrives: the
        request is then sent once more, on a new connection."""
        own_headers = {"Host": url.host_port_subcomponent or "", **OWN_HEADERS}
        request = method, url.raw_path_qs, own_headers | headers, data
        connection = self._idle.take(_origin(url), addresses)
        for _ in range(2):
            connection = connection or await self._connect(url, addresses)
            try:
                async with _in_time():
                    head = await self._threads.run(
                        connection.exchange, *request, stop=connection.stop
                    )
                return Answer(connection, head, str(url))
            except Unanswered:
                connection.close()
                connection = None
            except BaseException:
                connection.close()
                raise
        raise ProviderError(BROKEN, cause="broken off")

    async def _connect(self, url: URL, addresses: list[str]) -> Connection:
        origin = _origin(url)
        connected, address = await dial(addresses, origin[2])
        try:
            if url.scheme == "http":
                return Connection(connected, origin, address)
            if self._tls is None:
                self._tls = await self._threads.run(_trusting_the_system)
            return SecureConnection(connected, origin, address, self._tls)
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
            raise ProviderError("The source leads to an address that is never called", final=True)
        if port == self.own_port and any(map(is_ours, found)):
            raise ProviderError("The source leads to this server itself", final=True)
        if _any_private(found) and (abroad or not await self._is_at_home(url, home, found)):
            raise ProviderError(
                "The source leads to a private address that is not its own", final=True
            )
        return found

    async def _is_at_home(self, url: URL, home: URL, found: list[str]) -> bool:
        """Whether `found` are addresses of the owner's source itself, and it lies in private
        space."""
        home_addresses = found if url.host == home.host else await look_up(*_origin(home)[1:])
        in_lan = self.lan.setdefault(str(home.host), _any_private(home_addresses))
        return in_lan and set(found) <= set(home_addresses)


def _any_private(addresses: list[str]) -> bool:
    return any(judge(address) == "private" for address in addresses)


def _trusting_the_system() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            yield
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
        raise ProviderError(
            "The source names an address that is no http or https address", final=True
        )
    if url.user is not None or url.password is not None:
        raise ProviderError("An address with a user name in it is not called", final=True)
    return url


def _origin(url: URL) -> Origin:
    """Of an address that `_url` has let pass, which has a host and a port."""
    assert url.raw_host and url.port
    return url.scheme, url.raw_host, url.port


def _refuse_login(answer: Answer, asked: URL) -> None:
    """Raise a ProviderError where a login was refused for another reason than a wrong password."""
    origin = _url(answer.url).origin()
    schemes = [value.lower() for value in answer.headers.all("WWW-Authenticate")]
    if origin != asked.origin():
        message = f"The source redirects to {origin}, and a login is never sent along"
    elif any("digest" in each for each in schemes) and not any("basic" in each for each in schemes):
        message = "The source asks for a Digest login; only Basic logins are possible"
    else:
        return
    raise ProviderError(message, final=True, cause="login", status=answer.status)


def _refused(answer: Answer) -> ProviderError:
    status = answer.status
    again = status in (408, 425, 429) or status >= 500
    name = f" ({STATUS_NAMES[status]})" if status in STATUS_NAMES else ""
    return ProviderError(
        f"The source answered {status}{name}",
        final=status in FINAL,
        cause=_cause(status),
        status=status,
        retry_after=retry_after(answer.headers.get("Retry-After", "")) if again else None,
    )


def _cause(status: int) -> Cause:
    """Why a source answered with this status, which is no success."""
    if status in (408, 425, 429, 503):
        return "busy"
    if status == 401:
        return "login"
    if status in FINAL:
        return "missing"
    return "server error" if status >= 500 else "file"


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
