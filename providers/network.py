"""The one door to the network for catalogues and transfers.

Every address is judged before it is dialled, every redirect is followed by hand, and whatever goes wrong comes out as a
ProviderError with a plain message: never the remote body, never a secret from a URL.
"""

from __future__ import annotations

import asyncio
import math
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from email.utils import parsedate_to_datetime
from time import time

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from providers.addresses import METADATA, judge, ours
from store import VERSION
from store.errors import ProviderError

CONNECT = 10  # seconds
SILENCE = 30  # seconds
HOPS, PER_HOST = 5, 32  # redirects, connections
FINAL = {401, 403, 404, 410}
WAIT = 900  # seconds that a source is left alone at the longest, whatever its Retry-After says
NAMES = {
    401: "wrong user or password",
    403: "access refused",
    404: "not found",
    410: "gone",
    416: "range refused",
    429: "too many requests",
    503: "busy",
}
# What may follow a redirect to another origin: nothing here can carry a secret.
PLAIN = {"accept", "depth", "if-modified-since", "if-none-match", "if-range", "range"}
# The addresses that the request of this context may dial; a declaration, its value lives in the task.
_dial: ContextVar[tuple[str, ...]] = ContextVar("dial")


class _Judged(AbstractResolver):
    """Answers with what was judged a moment ago, so that a name that changes its answer gains nothing."""

    async def resolve(self, host, port=0, family=socket.AF_UNSPEC):
        return [
            {
                "hostname": host,
                "host": a,
                "port": port,
                "proto": 0,
                "flags": socket.AI_NUMERICHOST,
                "family": socket.AF_INET6 if ":" in a else socket.AF_INET,
            }
            for a in _dial.get()
        ]

    async def close(self):
        pass


def _socket(info) -> socket.socket:
    """The last look at the address that is dialled: aiohttp asks no resolver about IP literals."""
    family, kind, proto, _, where = info
    if str(where[0]) not in _dial.get():
        raise OSError("an address that was not judged")
    return socket.socket(family, kind, proto)


class Network:
    """`own_port`: the port this server listens on; it is refused on every address of ours. May be set later.
    `lan`: base host -> whether it lies in private space. Settled when a base is first used, unless given; keep it
    (it is a plain dict) to hold a public name to its word over a restart."""

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
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        connector = aiohttp.TCPConnector(
            resolver=_Judged(),
            use_dns_cache=False,
            socket_factory=_socket,
            ssl=self._tls or True,
            limit=0,
            limit_per_host=PER_HOST,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(
                total=None, connect=60, sock_connect=CONNECT, sock_read=SILENCE
            ),
            headers={
                "User-Agent": f"aniworld-server/{VERSION}",
                "Accept-Encoding": "identity",
                "Accept": "*/*",
            },
        )

    async def close(self) -> None:
        if self._session:
            await self._session.close()

    async def __aenter__(self) -> Network:
        await self.start()
        return self

    async def __aexit__(self, *_) -> None:
        await self.close()

    @asynccontextmanager
    async def get(
        self,
        url: str,
        *,
        base: str,
        headers: Mapping[str, str] = {},
        method: str = "GET",
        data: bytes | None = None,
        passing: tuple[int, ...] = (),
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer to one request, redirects followed; its body is unread. 2xx and `passing` only.

        `base` is the owner's address of this source: private addresses are allowed on its host alone. `headers` other
        than the harmless ones stay with the origin of `url`. Raises ProviderError, also while the body is read inside.
        """
        try:
            response = await self._follow(_url(url), _url(base), dict(headers), method, data)
        except (aiohttp.ClientError, TimeoutError, UnicodeError, ssl.SSLError) as failure:
            raise _plain(failure) from failure
        try:
            async with response:
                if not 200 <= response.status < 300 and response.status not in passing:
                    raise _refused(response)
                yield response
        except aiohttp.ClientError as failure:
            raise _plain(failure) from failure

    async def read(
        self, url: str, *, limit: int = 5_000_000, **how
    ) -> tuple[bytes, Mapping[str, str], str]:
        """A whole small body, its headers, and the address it came from in the end. At most `limit` bytes, 60 seconds; `how`
        is as for `get`."""
        try:
            async with asyncio.timeout(60), self.get(url, **how) as answer:
                if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
                    raise ProviderError(
                        "The source sent packed data although plain data was asked for", final=True
                    )
                body = bytearray()
                async for chunk in answer.content.iter_any():
                    body += chunk
                    if len(body) > limit:
                        raise ProviderError(
                            f"The source sent more than {limit:,} bytes", final=True
                        )
                return bytes(body), answer.headers, str(answer.url)
        except TimeoutError as slow:
            raise ProviderError("The source did not finish its answer within 60 seconds") from slow

    async def _follow(
        self, url: URL, home: URL, headers: dict, method: str, data
    ) -> aiohttp.ClientResponse:
        abroad = False  # a public hop never leads back into private space
        for _ in range(HOPS + 1):
            async with asyncio.timeout(CONNECT):
                addresses = await self._allowed(url, home, abroad)
            abroad = abroad or "public" in map(judge, addresses)
            _dial.set(addresses)
            answer = await self._session.request(
                method, url, headers=headers, data=data, allow_redirects=False
            )
            if answer.status not in (301, 302, 303, 307, 308):
                return answer
            answer.close()
            onward = _url(answer.headers.get("Location") or "nowhere:", url)
            if url.scheme == "https" and onward.scheme == "http":
                raise ProviderError("The source redirects from https to http", final=True)
            if onward.origin() != url.origin():
                headers = {name: value for name, value in headers.items() if name.lower() in PLAIN}
            if answer.status == 303 and method != "HEAD":
                method, data = "GET", None
            url = onward
        raise ProviderError(f"The source redirects more than {HOPS} times")

    async def _allowed(self, url: URL, home: URL, abroad: bool) -> tuple[str, ...]:
        """The addresses of `url`'s host that may be dialled for `home`; ProviderError if there is none."""
        found = [a for a in await _addresses(url) if judge(a) != "never"]
        if url.host == home.host:
            self.lan.setdefault(home.host, any(judge(a) == "private" for a in found))
        if url.host.lower().rstrip(".") in METADATA or not found:
            raise ProviderError("The source leads to an address that is never called", final=True)
        if url.port == self.own_port and any(map(ours, found)):
            raise ProviderError("The source leads to this server itself", final=True)
        if any(judge(a) == "private" for a in found) and not (
            await self._at_home(url, home, found) and not abroad
        ):
            raise ProviderError(
                "The source leads to a private address that is not its own", final=True
            )
        return tuple(found)

    async def _at_home(self, url: URL, home: URL, found: list[str]) -> bool:
        own = found if url.host == home.host else await _addresses(home)
        lan = self.lan.setdefault(home.host, any(judge(a) == "private" for a in own))
        return lan and set(found) <= set(own)


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


async def _addresses(url: URL) -> list[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            url.raw_host, url.port, type=socket.SOCK_STREAM
        )
    except (OSError, UnicodeError) as unknown:
        raise ProviderError("The source's name is unknown", down=True) from unknown
    return list(dict.fromkeys(str(where[0]) for *_, where in found))


def _refused(answer: aiohttp.ClientResponse) -> ProviderError:
    status = answer.status
    again = status in (408, 425, 429) or status >= 500
    name = f" ({NAMES[status]})" if status in NAMES else ""
    return ProviderError(
        f"The source answered {status}{name}",
        final=status in FINAL,
        status=status,
        retry_after=retry_after(answer.headers.get("Retry-After", "")) if again else None,
    )


def retry_after(text: str, now: float | None = None) -> float | None:
    """Seconds to wait, 0 to 900, from whole seconds or an HTTP date; None if it is neither."""
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - (time() if now is None else now)
        except (ValueError, TypeError, OverflowError):
            return None
    return None if math.isnan(seconds) else min(max(seconds, 0.0), WAIT)


def _plain(failure: BaseException) -> ProviderError:
    """A failure of the wire in plain words. The order matters: aiohttp's kinds inherit from one another."""
    match failure:
        case aiohttp.ClientConnectorCertificateError():
            return ProviderError("The source's certificate is not valid", final=True)
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return ProviderError("No secure connection to the source was possible")
        case aiohttp.ConnectionTimeoutError():
            return ProviderError("The source did not accept a connection in time", down=True)
        case aiohttp.ClientConnectorError(os_error=ConnectionRefusedError()):
            return ProviderError("The source refused the connection", down=True)
        case aiohttp.ClientConnectorError():
            return ProviderError("The source cannot be reached", down=True)
        case aiohttp.SocketTimeoutError():
            return ProviderError(f"The source was silent for {SILENCE} seconds")
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
            return ProviderError("The source names an address that cannot be called", final=True)
        case aiohttp.ClientResponseError() | UnicodeError():
            return ProviderError("The source's answer is not proper HTTP")
        case TimeoutError():
            return ProviderError("The source's name could not be looked up in time", down=True)
    return ProviderError("The source broke the connection off")
