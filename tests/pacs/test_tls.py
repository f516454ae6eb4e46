"""TLS contexts: certificates are checked, wrong files are told."""

import ssl
from pathlib import Path

import pytest

from medae.errors import SettingsError
from medae.nodes import Certificates, Listener
from medae.pacs.tls import client_context, server_context
from tests.pacs.conftest import Authority


def test_a_client_checks_certificate_and_name(authority: Authority) -> None:
    context = client_context(Certificates(ca_file=authority.ca))
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert len(context.get_ca_certs()) == 1


def test_a_listener_with_an_authority_asks_for_client_certificates(authority: Authority) -> None:
    own = {"tls": True, "certificate": authority.certificate, "key": authority.key}
    assert server_context(Listener(**own)).verify_mode == ssl.CERT_NONE
    assert server_context(Listener(**own, ca_file=authority.ca)).verify_mode == ssl.CERT_REQUIRED


def test_wrong_files_are_told(authority: Authority, tmp_path: Path) -> None:
    text = tmp_path / "text.pem"
    text.write_text("no certificate")
    for wrong in (
        Certificates(ca_file=tmp_path / "absent.pem"),
        Certificates(ca_file=text),
        Certificates(certificate=authority.certificate, key=text),
        Certificates(certificate=authority.ca, key=authority.key),
    ):
        with pytest.raises(SettingsError, match="PEM files that belong together"):
            client_context(wrong)
    with pytest.raises(SettingsError, match="needs a certificate"):
        server_context(Listener(tls=True))
