"""The cause of a secure connection that failed, and how to mend it. Pure."""

from __future__ import annotations

import ssl

from store.errors import ProviderError

CERTIFICATE = "The source's certificate is not valid"
CONNECTION = "No secure connection to the source was possible"

RENEW = "Renew the certificate, and compare the clocks of both machines"
NAME_IT = "Use a name in the address that stands in the certificate"
TRUST_IT = "Name a file with its authority, or with the certificate itself, in ca_file"
# OpenSSL's X509_V_ERR_* -> what is wrong with a certificate, and how to mend it.
CERTIFICATE_FAULTS = {
    2: ("its authority is not known here", TRUST_IT),
    9: ("it is not valid yet", RENEW),
    10: ("it has expired", RENEW),
    18: ("it is signed by itself alone", TRUST_IT),
    19: ("its authority is not known here", TRUST_IT),
    20: ("its authority is not known here", TRUST_IT),
    21: ("its authority is not known here", TRUST_IT),
    62: ("it is made for another name", NAME_IT),
    64: ("it is made for another address", NAME_IT),
    66: ("its key is too weak", RENEW),
    67: ("its authority's key is too weak", RENEW),
    68: ("its signature is too weak", RENEW),
}
PLAIN = "Write http:// if the server speaks plain HTTP there"
NEWER = "Let the server speak TLS 1.2 or 1.3 with ciphers of today"
# A part of OpenSSL's reason -> what is wrong with a connection, and how to mend it.
CONNECTION_FAULTS = {
    "WRONG_VERSION_NUMBER": ("it does not speak TLS there", PLAIN),
    "HTTP_REQUEST": ("it does not speak TLS there", PLAIN),
    "PACKET_LENGTH_TOO_LONG": ("it does not speak TLS there", PLAIN),
    "RECORD_LAYER_FAILURE": ("it does not speak TLS there", PLAIN),
    "CERTIFICATE_REQUIRED": ("it wants a certificate of ours", "Let it do without, or use a login"),
    "PROTOCOL": ("it speaks no version of TLS that is safe", NEWER),
    "VERSION": ("it speaks no version of TLS that is safe", NEWER),
    "UNRECOGNIZED_NAME": ("it does not know that name", NAME_IT),
    "HANDSHAKE_FAILURE": ("it takes no cipher that is safe, or wants a certificate of ours", NEWER),
    "DH_KEY_TOO_SMALL": ("its keys are too weak", NEWER),
}
BROKEN_OFF = ("it broke off", "Check that a server with TLS listens at this port")


def of_certificate(error: ssl.SSLCertVerificationError) -> ProviderError:
    """The failure of a certificate that cannot be believed."""
    fault, fix = CERTIFICATE_FAULTS.get(error.verify_code, ("", RENEW))
    message = f"{CERTIFICATE}: {fault}" if fault else CERTIFICATE
    return ProviderError(message, final=True, cause="certificate", fix=fix)


def of_connection(error: OSError) -> ProviderError:
    """The failure of a connection while the two sides agreed on keys, or by an alert."""
    is_cut = not isinstance(error, ssl.SSLError) or isinstance(error, ssl.SSLEOFError)
    reason = getattr(error, "reason", None) or ""
    found = [words for part, words in CONNECTION_FAULTS.items() if part in reason]
    fault, fix = BROKEN_OFF if is_cut else found[0] if found else ("", NEWER)
    return ProviderError(f"{CONNECTION}: {fault}" if fault else CONNECTION, cause="TLS", fix=fix)


def is_alert(error: OSError) -> bool:
    """Whether the server ended the connection by an alert of TLS, which says why."""
    return isinstance(error, ssl.SSLError) and "ALERT" in (error.reason or "")
