"""The server of tests/test_soak.py: short waits, a clock that can be moved, a loop that is watched.

`python tests/soak_server.py FOLDER aniworld.py ...`: the file `clock` in FOLDER holds the seconds
by which the clock is wrong, read again at SIGUSR1. Whatever holds the event loop for more than
STALL_SECONDS becomes a line of JSON in the file `stalls` there: the seconds by the clock and of the
processor, what was called, and where it was meanwhile.
"""

from __future__ import annotations

import asyncio
import datetime
import json
import signal
import sys
import threading
import time
import traceback
from pathlib import Path

STALL_SECONDS = 0.05
ROOT = Path(__file__).parent.parent
FOLDER = Path(sys.argv[1] if __name__ == "__main__" else ".")

true_time = time.time
wrong_by = [0.0]


def read_clock(*_: object) -> None:
    wrong_by[0] = float((FOLDER / "clock").read_text())


class WrongClock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.datetime.fromtimestamp(time.time(), tz)


def move_clock() -> None:
    time.time = lambda: true_time() + wrong_by[0]
    signal.signal(signal.SIGUSR1, read_clock)
    read_clock()
    from store import clock

    clock.datetime = WrongClock


class Watch:
    """Notes what holds the event loop up."""

    def __init__(self) -> None:
        self.began = 0.0
        self.where: list[str] = []
        self.loop_thread = threading.get_ident()
        self.run = asyncio.events.Handle._run

    def start(self) -> None:
        def run(handle: asyncio.Handle) -> None:
            self.where = []
            self.began = began = time.monotonic()
            cpu = time.thread_time()
            try:
                self.run(handle)
            finally:
                self.began = 0.0
                seconds = time.monotonic() - began
                if seconds > STALL_SECONDS:
                    self.note(handle, seconds, time.thread_time() - cpu)

        asyncio.events.Handle._run = run  # type: ignore[method-assign]
        threading.Thread(target=self.look, name="watch", daemon=True).start()

    def look(self) -> None:
        """Where the loop is, while it is held up."""
        while True:
            time.sleep(STALL_SECONDS / 2)
            began = self.began
            if began and time.monotonic() - began > STALL_SECONDS and not self.where:
                frame = sys._current_frames().get(self.loop_thread)
                if frame is not None:
                    self.where = traceback.format_stack(frame)[-16:]

    def note(self, handle: asyncio.Handle, seconds: float, cpu: float) -> None:
        called = repr(handle)[:300]
        row = {"seconds": seconds, "cpu": cpu, "called": called, "where": self.where}
        with open(FOLDER / "stalls", "a") as file:
            file.write(json.dumps(row) + "\n")


def shorten() -> None:
    """Let each wait take a thirtieth of its time, or less."""
    from downloads import crowds, engine, part_file, rests, scheduler, slots, source_calls, transfer
    from downloads.receiver import Limits
    from providers import (
        answer,
        catalogue,
        checked,
        connection,
        demo,
        dialling,
        late_listing,
        lately,
        network,
        refusals,
    )

    for module, name, value in (
        (engine, "LOOK_AGAIN_SECONDS", 0.2),
        (rests, "MAX_WAIT_SECONDS", 2),
        (refusals, "MAX_WAIT_SECONDS", 2),
        (connection, "SILENCE_SECONDS", 0.6),
        (answer, "SILENCE_SECONDS", 0.6),
        (network, "ANSWER_SECONDS", 3),
        (dialling, "CONNECT_SECONDS", 1),
        (checked, "LOOK_SECONDS", 1),
        (lately, "LATELY_SECONDS", 0.2),
        (late_listing, "LISTED_SECONDS", 0.3),
        (catalogue, "FRESH_SECONDS", 0.5),
        (source_calls, "PATIENCE_SECONDS", 1),
        (source_calls, "SHORTEST_WAIT_SECONDS", 0.05),
        (crowds, "CALM_SECONDS", 0.1),
        (crowds, "ALONE_SECONDS", 3),
        (slots, "SHOW_SECONDS", 0.3),
        (transfer, "CALM_SECONDS", (0.05, 0.1, 0.2)),
        (transfer, "MAX_CALM_SECONDS", 1),
        (scheduler, "MIN_SPLIT_BYTES", 100_000),
        (part_file, "STEP_SECONDS", 0.3),
        (part_file, "FIRST_STEP_BYTES", 128_000),
        (part_file, "STEP_BYTES", 512_000),
    ):
        assert getattr(module, name) > value, name
        setattr(module, name, value)
    demo.BYTES_PER_SECOND = 3_000_000
    assert engine.Engine.__init__.__kwdefaults__["pause"] > 1
    engine.Engine.__init__.__kwdefaults__["pause"] = 0.03
    limits = Limits(silence=0.6, window=1.5)
    assert transfer.fetch.__kwdefaults__["limits"].silence > 1
    transfer.fetch.__kwdefaults__["limits"] = limits


def main() -> int:
    sys.path.insert(0, str(ROOT))
    move_clock()
    shorten()
    Watch().start()
    import aniworld

    return aniworld.main(sys.argv[3:])


if __name__ == "__main__":
    sys.exit(main())
