"""Headless Chromium, driven over the DevTools protocol with aiohttp. It reaches this machine alone.

async with Chromium() as browser:
    page = await browser.open(url)
    await page.wait_for("document.querySelector('h1')")
    assert page.console == []
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from tests.requirements import need

PATIENCE_SECONDS = 30.0  # for anything that takes a moment, also on a busy machine
POLL_SECONDS = 0.03
KEYS = {  # key -> (Windows key code, text); letters and digits need no line here
    "Tab": (9, ""),
    "Enter": (13, "\r"),
    "Escape": (27, ""),
    " ": (32, " "),
    "End": (35, ""),
    "Home": (36, ""),
    "ArrowLeft": (37, ""),
    "ArrowUp": (38, ""),
    "ArrowRight": (39, ""),
    "ArrowDown": (40, ""),
    "Backspace": (8, ""),
    "Delete": (46, ""),
}
SHIFT = 8
TRACED = ["devtools.timeline", "disabled-by-default-devtools.timeline", "toplevel"]
# Script: the middle of the element that a selector finds, null while a click there would miss it.
MIDDLE = """
    (selector) => {
        const element = document.querySelector(selector);
        if (!element?.checkVisibility()) return null;
        element.scrollIntoView({block: "center", behavior: "instant"});
        const box = element.getBoundingClientRect();
        const middle = [box.x + box.width / 2, box.y + box.height / 2];
        return element.contains(document.elementFromPoint(...middle)) ? middle : null;
    }
"""


class Refused(Exception):
    """The browser refused a command, or a script on the page threw."""


class Chromium:
    """One browser process with a profile of its own, gone with the `async with` block.

    `hosts` maps further names to 127.0.0.1, for what has to be tested on a LAN name.
    """

    def __init__(self, width: int = 1280, height: int = 900, hosts: tuple[str, ...] = ()):
        self.command = need("chromium", "chromium")
        self.width = width
        self.height = height
        self.hosts = hosts

    async def __aenter__(self) -> Chromium:
        self.profile = Path(tempfile.mkdtemp(prefix="chromium-"))
        rules = [f"MAP {host} 127.0.0.1" for host in self.hosts] + [
            "MAP * ~NOTFOUND",
            "EXCLUDE 127.0.0.1",
            "EXCLUDE ::1",
        ]
        self.process = await asyncio.create_subprocess_exec(
            self.command,
            "--headless",
            "--remote-debugging-port=0",
            f"--user-data-dir={self.profile}",
            f"--host-resolver-rules={', '.join(rules)}",
            f"--window-size={self.width},{self.height}",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--password-store=basic",
            *["--no-sandbox"] * (os.geteuid() == 0),  # it refuses to start as root otherwise
            "about:blank",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env=os.environ | {"TMPDIR": str(self.profile)},  # it leaves things there
            start_new_session=True,  # a process group of its own, so that its helpers end with it
        )
        self.session = aiohttp.ClientSession()
        self.pages: list[Page] = []
        try:
            self.port = await self._port()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *exc) -> None:
        for page in self.pages:
            await page.close()
        await self.session.close()
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()  # it ends its own helpers, and waits for them
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self.process.wait()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)  # whatever is left of the group
        await self.process.wait()
        await asyncio.to_thread(shutil.rmtree, self.profile, ignore_errors=True)

    async def open(self, url: str) -> Page:
        """A tab on this address, once the page is loaded; all its requests are recorded."""
        async with self.session.put(f"http://127.0.0.1:{self.port}/json/new?about:blank") as answer:
            target = await answer.json(content_type=None)
        socket = await self.session.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0)
        page = Page(socket)
        self.pages.append(page)
        for domain in ("Page", "Runtime", "Log", "Network"):
            await page.send(f"{domain}.enable")
        await page.emulate(width=self.width, height=self.height)
        await page.go(url)
        return page

    async def _port(self) -> int:
        """Chromium writes its port into a file once it listens."""
        ready = self.profile / "DevToolsActivePort"
        async with asyncio.timeout(2 * PATIENCE_SECONDS):
            while True:
                if self.process.returncode is not None:
                    raise Refused(f"chromium ended with {self.process.returncode}")
                lines = ready.read_text().splitlines() if ready.exists() else []
                if len(lines) == 2:
                    return int(lines[0])
                await asyncio.sleep(POLL_SECONDS)


class Page:
    """One tab.

    `requests` are the addresses asked for, sockets among them, `responses` the answers as
    (status, address), `blocked` the addresses that failed to load, `console` the errors (log
    entries, `console.error`, exceptions), `warnings` the milder ones.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse):
        self.requests: list[str] = []
        self.responses: list[tuple[int, str]] = []
        self.blocked: list[str] = []
        self.console: list[str] = []
        self.warnings: list[str] = []
        self.bytes = 0  # received over the network, headers included
        self._socket, self._serial = socket, 0
        self._waiting: dict[int, asyncio.Future] = {}
        self._addresses: dict[str, str] = {}
        self._loaded = asyncio.Event()
        self._trace: list[dict] = []
        self._traced = asyncio.Event()
        self._listener = asyncio.create_task(self._listen(), name="chromium page")

    async def close(self) -> None:
        self._listener.cancel()
        await asyncio.gather(self._listener, return_exceptions=True)
        await self._socket.close()

    async def send(self, method: str, **params) -> dict:
        """One command of the protocol, and its result."""
        self._serial += 1
        serial, answer = self._serial, asyncio.get_running_loop().create_future()
        self._waiting[serial] = answer
        try:
            await self._socket.send_json({"id": serial, "method": method, "params": params})
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await answer
        finally:
            del self._waiting[serial]

    async def go(self, url: str) -> None:
        """Open an address in this tab and wait until it is loaded."""
        self._loaded.clear()
        answer = await self.send("Page.navigate", url=url)
        if "errorText" in answer:
            raise Refused(f"{url}: {answer['errorText']}")
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self._loaded.wait()

    async def evaluate(self, script: str):
        """The JSON value of an expression, or of the promise that it is."""
        answer = await self.send(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in answer:
            raise Refused(_thrown(answer["exceptionDetails"]))
        return answer["result"].get("value")

    async def wait_for(self, script: str, timeout: float = PATIENCE_SECONDS):
        """The value of an expression once it is true; a node counts as true."""
        expression = f"(() => {{ const it = ({script}); return it instanceof Node || it }})()"
        try:
            async with asyncio.timeout(timeout):
                while not (value := await self.evaluate(expression)):
                    await asyncio.sleep(POLL_SECONDS)
                return value
        except TimeoutError:
            message = f"never true within {timeout} s: {script}; console: {self.console}"
            raise AssertionError(message) from None

    async def screenshot(self, path) -> None:
        """What is visible, as a PNG."""
        answer = await self.send("Page.captureScreenshot", format="png")
        await asyncio.to_thread(Path(path).write_bytes, base64.b64decode(answer["data"]))

    async def emulate(
        self,
        *,
        width: int = 1280,
        height: int = 900,
        dark: bool = False,
        still: bool = False,
        forced: bool = False,
    ) -> None:
        """A window's size and what its user prefers: dark colours, no motion, forced colours."""
        await self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        features = {
            "prefers-color-scheme": "dark" if dark else "light",
            "prefers-reduced-motion": "reduce" if still else "no-preference",
            "forced-colors": "active" if forced else "none",
        }
        await self.send(
            "Emulation.setEmulatedMedia",
            features=[{"name": name, "value": value} for name, value in features.items()],
        )

    async def offline(self, cut: bool = True) -> None:
        """Take the network away from this tab, or give it back."""
        await self.send(
            "Network.emulateNetworkConditions",
            offline=cut,
            latency=0,
            downloadThroughput=-1,
            uploadThroughput=-1,
        )

    async def press(self, key: str, *, shift: bool = False) -> None:
        """One key, by its DOM name: "Tab", "Enter", "a"."""
        code, text = KEYS.get(key, (ord(key[0].upper()), key))
        stroke = {"key": key, "windowsVirtualKeyCode": code, "modifiers": SHIFT if shift else 0}
        kind = {"type": "keyDown", "text": text} if text else {"type": "rawKeyDown"}
        await self.send("Input.dispatchKeyEvent", **kind, **stroke)
        await self.send("Input.dispatchKeyEvent", type="keyUp", **stroke)

    async def type(self, text: str) -> None:
        """Text into what has the focus."""
        await self.send("Input.insertText", text=text)

    async def click(self, selector: str) -> None:
        """A real click into the middle of an element, once it is in view and nothing covers it."""
        x, y = await self.wait_for(f"({MIDDLE})({json.dumps(selector)})")
        for kind in ("mousePressed", "mouseReleased"):
            await self.send(
                "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1
            )

    @asynccontextmanager
    async def traced(self) -> AsyncIterator[list[dict]]:
        """What the page's main thread did meanwhile: the events of Chromium's trace, in order.

        Each has a `name`, and `tdur` where it took time: microseconds of processor time.
        """
        self._trace.clear()
        self._traced.clear()
        events: list[dict] = []
        await self.send(
            "Tracing.start", transferMode="ReportEvents", traceConfig={"includedCategories": TRACED}
        )
        yield events
        await self.send("Tracing.end")
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self._traced.wait()
        named = [e for e in self._trace if e["name"] == "thread_name"]
        threads = [(e["pid"], e["tid"]) for e in named if e["args"]["name"] == "CrRendererMain"]
        events += [e for e in self._trace if (e["pid"], e["tid"]) in threads]
        events.sort(key=lambda event: event["ts"])
        self._trace.clear()

    async def _listen(self) -> None:
        async for message in self._socket:
            event = json.loads(message.data)
            if "id" not in event:
                self._note(event["method"], event["params"])
            elif (answer := self._waiting.get(event["id"])) and not answer.done():
                if "error" in event:
                    answer.set_exception(Refused(event["error"]["message"]))
                else:
                    answer.set_result(event["result"])
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(Refused("the browser hung up"))

    def _note(self, method: str, params: dict) -> None:
        match method:
            case "Page.loadEventFired":
                self._loaded.set()
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])
                self._addresses[params["requestId"]] = params["request"]["url"]
            case "Network.webSocketCreated":
                self.requests.append(params["url"])
            case "Network.responseReceived":
                self.responses.append((params["response"]["status"], params["response"]["url"]))
            case "Network.loadingFinished":
                self.bytes += int(params["encodedDataLength"])
            case "Network.loadingFailed":
                self.blocked.append(self._addresses.get(params["requestId"], ""))
            case "Tracing.dataCollected":
                self._trace += params["value"]
            case "Tracing.tracingComplete":
                self._traced.set()
            case "Log.entryAdded":
                entry = params["entry"]
                self._hear(entry["level"], f"{entry['text']} {entry.get('url', '')}".strip())
            case "Runtime.exceptionThrown":
                self._hear("error", _thrown(params["exceptionDetails"]))
            case "Runtime.consoleAPICalled":
                level = "error" if params["type"] == "assert" else params["type"]
                self._hear(level, " ".join(str(_shown(argument)) for argument in params["args"]))

    def _hear(self, level: str, text: str) -> None:
        if level in ("error", "warning"):
            (self.console if level == "error" else self.warnings).append(text)


def _shown(argument: dict):
    return argument.get("value", argument.get("description", argument["type"]))


def _thrown(details: dict) -> str:
    return details.get("exception", {}).get("description") or details["text"]
