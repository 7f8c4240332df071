"""Whether a file holds certificates of authorities, and what is wrong where it does not."""

from __future__ import annotations

import stat
from pathlib import Path

MAX_BYTES = 5_000_000
BEGIN = b"-----BEGIN "
DER = b"\x30\x82"  # with which a certificate in binary form begins


def why_unfit(path: str) -> tuple[str, str] | None:
    """(what is wrong with the file, how to mend it); None for one that can be used. Blocks."""
    file = Path(path)
    try:
        if not stat.S_ISREG(file.stat().st_mode):  # a pipe would be waited for
            return "is no file", "Name the PEM file itself"
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        return "does not exist", "Correct the path, or put the authority's certificate there"
    except PermissionError:
        return (
            "may not be read by the user who runs the server",
            f"Let that user read it, such as by: chmod a+r '{path}'",
        )
    except OSError:
        return "cannot be read", "Look after its disk, or name another file"
    return _why_no_certificates(path, content)


def _why_no_certificates(path: str, content: bytes) -> tuple[str, str] | None:
    import ssl  # late: few have an authority of their own

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except OSError:  # ssl.SSLError is one
        pass
    else:
        return None
    if b"PRIVATE KEY-----" in content and BEGIN + b"CERTIFICATE" not in content:
        return (
            "holds a private key and no certificate",
            "Name the authority's certificate; its key belongs nowhere but to the authority",
        )
    if content.startswith(DER):
        return (
            "holds a certificate in the form DER",
            f"Convert it: openssl x509 -inform der -in '{path}' -out ca.pem",
        )
    return (
        "holds no certificates that can be read",
        "Name a PEM file, in which each certificate begins with -----BEGIN CERTIFICATE-----",
    )
