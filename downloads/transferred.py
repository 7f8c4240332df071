"""How far a transfer has come, and when it will have its end."""

from typing import NamedTuple


class Transferred(NamedTuple):
    """How far a running transfer has come. The total is None while it is unknown."""

    downloaded_bytes: int
    total_bytes: int | None
    speed_mbps: float

    @property
    def progress_percent(self) -> int | None:
        if not self.total_bytes:
            return None
        return min(100, self.downloaded_bytes * 100 // self.total_bytes)

    @property
    def eta_seconds(self) -> int | None:
        if not (self.total_bytes and self.speed_mbps):
            return None
        return round((self.total_bytes - self.downloaded_bytes) * 8e-6 / self.speed_mbps)
