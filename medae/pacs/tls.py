"""TLS for DICOM (PS3.15 B.9, BCP 195): TLS 1.2 or newer, certificates are always checked."""

import ssl

from medae.errors import SettingsError
from medae.nodes import Certificates, Listener

WRONG_FILES = "TLS files cannot be used"


def client_context(certificates: Certificates) -> ssl.SSLContext:
    """Make the context of a client: trusts the node's ``ca_file`` or the system's authorities.

    Raises
    ------
    SettingsError
        A file is missing, or is no certificate or key.
    """
    try:
        context = ssl.create_default_context(cafile=certificates.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if certificates.certificate:
            context.load_cert_chain(certificates.certificate, certificates.key, _no_password)
    except (OSError, ValueError) as error:
        raise SettingsError(_wrong(error)) from error
    return context


def server_context(listener: Listener) -> ssl.SSLContext:
    """Make the context of the listener; with a ``ca_file`` clients must show a certificate of that authority.

    Raises
    ------
    SettingsError
        A file is missing, or is no certificate or key.
    """
    if listener.certificate is None:
        raise SettingsError("A listener with TLS needs a certificate and its key; set them with 'medae pacs listener'.")
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(listener.certificate, listener.key, _no_password)
        if listener.ca_file:
            context.load_verify_locations(listener.ca_file)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ValueError) as error:
        raise SettingsError(_wrong(error)) from error
    return context


def _no_password() -> str:
    """Answer OpenSSL's question for a password, which would otherwise be asked on the terminal."""
    raise ValueError("the key is protected by a password; give a key without one")


def _wrong(error: OSError | ValueError) -> str:
    reason = error.reason if isinstance(error, ssl.SSLError) and error.reason else getattr(error, "strerror", error)
    return (
        f"{WRONG_FILES} ({str(reason).replace('_', ' ').lower()}). "
        "Check that ca_file, certificate and key are there and are PEM files that belong together."
    )
