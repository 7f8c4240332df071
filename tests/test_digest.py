"""Digest logins: the examples of the RFCs, and the real servers that ask for one."""

import asyncio
import hashlib
import re

import pytest

from providers import digest
from providers.http_head import Headers
from providers.network import Network
from store.errors import ProviderError
from store.secret import Secret
from store.sources import DirectoryProvider
from tests.contract import opened
from tests.servers import APACHE_MODULES, Place, Server, apache, lighttpd
from tests.test_directory import make_tree
from tests.test_servers import place
from tests.upstream import Upstream

assert place  # a fixture
MUFASA = "Basic TXVmYXNhOkNpcmNsZSBvZiBMaWZl"  # Mufasa:Circle of Life
RFC_7616 = """Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=%s,
 nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
 opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""""
OWN_NONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


def challenge(*values: str) -> digest.Challenge | None:
    return digest.challenge(Headers([("WWW-Authenticate", value) for value in values]))


def response(value: str) -> str:
    return re.search(r'response="([^"]*)"', value)[1]


@pytest.mark.parametrize(
    "algorithm, expected",
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_rfc_7616(algorithm, expected):
    asked = challenge(RFC_7616.replace("\n", "") % algorithm)
    login = asked.answer(MUFASA, "GET", "/dir/index.html", OWN_NONCE)
    assert response(login) == expected
    assert f'nc=00000001, cnonce="{OWN_NONCE}"' in login and f"algorithm={algorithm}" in login
    assert "nc=00000002" in asked.answer(MUFASA, "GET", "/dir/index.html")


def test_the_example_of_rfc_2069_and_sessions():
    asked = challenge(
        'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'
    )
    of_2069 = "Basic TXVmYXNhOkNpcmNsZSBPZiBMaWZl"  # Mufasa:Circle Of Life
    login = asked.answer(of_2069, "GET", "/dir/index.html")
    assert response(login) == "670fd8c2df070c60b045671b8b24ff02" and "qop" not in login
    session = challenge('Digest realm="r", nonce="n", algorithm=MD5-sess, qop=auth')

    def md5(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()

    key = md5(f"{md5('Mufasa:r:Circle of Life')}:n:mine")
    wanted = md5(f"{key}:n:00000001:mine:auth:{md5('GET:/')}")
    assert response(session.answer(MUFASA, "GET", "/", "mine")) == wanted


def test_the_best_challenge_that_can_be_met():
    md5, sha = 'Digest realm="a", nonce="1"', 'Digest realm="a", nonce="2", algorithm=SHA-256'
    assert challenge(md5, sha).nonce == "2"
    assert challenge(f"{md5}, {sha}").nonce == "2"
    assert challenge(f'Basic realm="x, y", {md5}').nonce == "1"
    assert challenge('Digest realm="quoted \\"digest x\\", nonce", nonce="3"').nonce == "3"
    for bad in ("", "Basic", "Digest", 'Digest realm="a"', f"{md5}, algorithm=SHA-1", "Digest ="):
        assert challenge(bad) is None, bad
    assert challenge(f'{md5}, qop="auth-int"') is None
    assert challenge("Digest " + "a" * 60_000, "Digest " + 'a="' * 20_000) is None


# -- with servers ----------------------------------------------------------------------------------

USER, PASSWORD = "mia", 'pä:ß "x"'
REALM = "shows"


def secured(kind: str):
    def command(place: Place) -> list[object]:
        users = place.folder / "users"
        secret = hashlib.md5(f"{USER}:{REALM}:{PASSWORD}".encode()).hexdigest()
        users.write_text(f"{USER}:{REALM}:{secret}\n")
        users.chmod(0o644)
        if kind == "apache":
            modules = ("auth_digest", "authn_core", "authn_file", "authz_user")
            options = ("AuthType Digest", f'AuthName "{REALM}"', f'AuthUserFile "{users}"')
            options += ("Options Indexes", "Require valid-user")
            made = apache(*options, more=modules)(place)
            conf = place.folder / "conf"
            conf.write_text(conf.read_text().replace("Require all granted\n", ""))
            return made
        made = lighttpd(place)
        with open(place.folder / "conf", "a") as conf:
            conf.write(
                'server.modules += ("mod_auth", "mod_authn_file")\n'
                'auth.backend = "htdigest"\n'
                f'auth.backend.htdigest.userfile = "{users}"\n'
                f'auth.require = ("/" => ("method" => "digest", "realm" => "{REALM}",'
                ' "require" => "valid-user"))\n'
            )
        return made

    return command


REAL = {
    "apache": Server(
        "apache2-bin", secured("apache"), needed=APACHE_MODULES / "mod_auth_digest.so"
    ),
    "lighttpd": Server("lighttpd", secured("lighttpd")),
}


@pytest.mark.parametrize("server", REAL.values(), ids=REAL)
async def test_a_real_server_that_asks_for_digest(server, place, tmp_path):
    make_tree(place[1])
    async with server.running(*place) as url:
        for password, good in ((PASSWORD, True), ("wrong", False)):
            settings = DirectoryProvider("directory", "home", url, USER, Secret(password))
            async with opened(settings, tmp_path / f"{good}.db") as source:
                if not good:
                    with pytest.raises(ProviderError, match="wrong user or password") as failure:
                        await source.provider.search("show", 5)
                    assert failure.value.final and failure.value.cause == "login"
                    continue
                (hit,) = await source.provider.search("show", 5)
                listing = await source.provider.listing(hit.key)
                where = await source.provider.source(hit.key, listing.episodes[0])
                calls = [
                    source.network.read(where.url, base=url, headers=where.headers)
                    for _ in range(5)
                ]
                bodies = {body for body, _, _ in await asyncio.gather(*calls)}
                assert len(bodies) == 1 and bodies.pop()


class Asking(Upstream):
    """Wants a Digest login with the nonce of now, or a Basic one."""

    nonce: str | None = "one"

    def _answer(self, knobs, request):
        given = request.headers.get("Authorization", "")
        wanted = f'nonce="{self.nonce}"' if self.nonce else "Basic "
        if wanted not in given:
            knobs.status = 401
            asked = f'Digest realm="r", nonce="{self.nonce}", qop="auth"'
            knobs.headers = {"WWW-Authenticate": asked if self.nonce else 'Basic realm="r"'}
        return super()._answer(knobs, request)


async def test_a_login_follows_what_the_server_wants():
    """One refusal at most for each change of its mind; the password goes to no other server."""
    async with Asking() as up, Upstream() as other, Network() as web:
        headers = {"Authorization": MUFASA}

        async def kinds() -> list[str]:
            up.requests.clear()
            await web.read(up.base, base=up.base, headers=headers)
            return [request.headers["Authorization"].split()[0] for request in up.requests]

        assert await kinds() == ["Basic", "Digest"]
        assert await kinds() == ["Digest"]
        up.nonce = "two"
        assert await kinds() == ["Digest", "Digest"]
        up.nonce = None
        assert await kinds() == ["Digest", "Basic"]
        assert await kinds() == ["Basic"]
        up.nonce = "three"
        await kinds()
        up.location = other.base
        await web.read(up.base, base=up.base, headers=headers)
        assert "Authorization" not in other.requests[-1].headers
        up.location = None
        with pytest.raises(ProviderError, match="401"):
            await web.read(up.base, base=up.base)
