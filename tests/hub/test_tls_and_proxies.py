"""Row 25: wrong certificates, proxies that want a password, names without an address, hosts that are silent."""

from __future__ import annotations

import socket
import ssl
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from .conftest import FOREVER, NAME, Rig, get, refused
from .faultd import Proxy, Say
from .httpd import Answer


def _certificate(folder: Path, name: str, *, days: int = 2) -> Path:
    """A self-signed certificate with its key, in one file."""
    key, request, path = folder / f"{name}.key", folder / f"{name}.csr", folder / f"{name}.pem"
    extensions = folder / f"{name}.ext"
    extensions.write_text(f"subjectAltName=DNS:{name}\nbasicConstraints=critical,CA:TRUE\n")
    make = ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subprocess.run([*make, "-keyout", key, "-out", request, "-subj", f"/CN={name}"], check=True, capture_output=True)
    sign = ["openssl", "x509", "-req", "-in", request, "-signkey", key, "-days", str(days), "-extfile", extensions]
    done = subprocess.run(sign, check=True, capture_output=True)
    path.write_bytes(done.stdout)
    return path


@dataclass
class Secure:
    """The rig behind TLS: one certificate for both origins."""

    rig: Rig
    certificate: Path

    def serve(self, certificate: Path | None = None, *, storage: bool = True) -> Proxy:
        """Puts the Hub, and its storage, behind TLS and makes it the machine's endpoint."""
        rig, certificate = self.rig, certificate or self.certificate
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, certificate.with_suffix(".key"))
        front = rig.stack.enter_context(Proxy(rig.hub.url, host="localhost", tls=context))
        if storage:
            behind = rig.stack.enter_context(Proxy(rig.cdn.url, host="localhost", tls=context))
            rig.hub.cdn = behind.url
        rig.hub.public_url = front.url
        rig.machine.set(HF_ENDPOINT=front.url)
        return front


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with certificates: of localhost, of another host, and one that is past its day."""
    folder = tmp_path_factory.mktemp("certificates")
    _certificate(folder, "localhost")
    _certificate(folder, "elsewhere.example")
    _certificate(folder, "hub.example.test")
    (folder / "past").mkdir()
    _certificate(folder / "past", "localhost", days=-1)
    return folder


@pytest.fixture
def secure(rig: Rig, certificates: Path) -> Secure:
    """The rig, ready to be served with a certificate."""
    return Secure(rig, certificates / "localhost.pem")


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_own_authority_is_honoured(secure: Secure, variable: str):
    front = secure.serve()
    secure.rig.machine.set(**{variable: str(secure.certificate)})
    secure.rig.assert_whole(get())
    assert len(front.log) > 3


def test_unknown_authority(secure: Secure):
    front = secure.serve()
    with refused("E_TLS") as caught:
        get()
    assert "SSL_CERT_FILE" in caught.value.cure
    assert front.log == []


def test_certificate_of_another_host(secure: Secure, certificates: Path):
    front = secure.serve(certificates / "elsewhere.example.pem")
    secure.rig.machine.set(SSL_CERT_FILE=str(certificates / "elsewhere.example.pem"))
    with refused("E_TLS") as caught:
        get()
    assert "elsewhere.example" in str(caught.value) or "localhost" in str(caught.value)
    assert front.log == []


def test_certificate_past_its_day(secure: Secure, certificates: Path):
    front = secure.serve(certificates / "past" / "localhost.pem")
    secure.rig.machine.set(SSL_CERT_FILE=str(certificates / "past" / "localhost.pem"))
    with refused("E_TLS") as caught:
        get()
    assert "expired" in str(caught.value)
    assert front.log == []


def test_bundle_that_is_not_there(secure: Secure):
    secure.serve()
    secure.rig.machine.set(SSL_CERT_FILE="/nonexistent/ca.pem")
    with refused("E_TLS") as caught:
        get()
    assert "/nonexistent/ca.pem" in str(caught.value)


def test_redirect_from_https_to_http_is_refused(secure: Secure):
    """Row 18: the storage is behind plain http."""
    secure.serve(storage=False)
    secure.rig.machine.set(SSL_CERT_FILE=str(secure.certificate))
    with refused("E_REDIRECT"):
        get()
    assert secure.rig.storage.log == []


def test_bad_certificate_goes_on_at_the_next_mirror(secure: Secure):
    front = secure.serve()
    mirror = secure.rig.mirror()
    secure.rig.machine.set(TORSO_ENDPOINTS=f"{front.url},{mirror.url}")
    secure.rig.assert_whole(get())


@pytest.fixture
def proxy(rig: Rig) -> Iterator[Proxy]:
    """A forward proxy, and an endpoint that only it can reach."""
    with Proxy(rig.hub.url) as found:
        rig.machine.set(HF_ENDPOINT="http://hub.example.test", http_proxy=found.url)
        rig.hub.public_url = "http://hub.example.test"
        rig.hub.plain = True  # the internet may not redirect to this machine's own storage
        yield found


def test_http_proxy_is_used(rig: Rig, proxy: Proxy):
    rig.assert_whole(get())
    assert all(exchange.target.startswith("http://") for exchange in proxy.log)
    assert rig.front.log == []


def test_token_does_not_go_over_plain_http(rig: Rig, proxy: Proxy):
    """Not even to an endpoint that is trusted, unless it is this machine."""
    rig.machine.set(HF_TOKEN="hf_secret", TORSO_TRUSTED_ENDPOINTS="http://hub.example.test")
    rig.assert_whole(get())
    assert all("authorization" not in exchange.headers for exchange in proxy.log)


def test_no_proxy_is_honoured(rig: Rig):
    with Proxy(rig.hub.url) as proxy:
        rig.machine.set(http_proxy=proxy.url, no_proxy="127.0.0.1,localhost")
        rig.assert_whole(get())
        assert proxy.log == []


@pytest.fixture
def tunnel(secure: Secure, certificates: Path) -> Iterator[Proxy]:
    """An endpoint behind TLS that only a forward proxy can reach."""
    front = secure.serve(certificates / "hub.example.test.pem")
    secure.rig.hub.plain = True
    certificate = str(certificates / "hub.example.test.pem")
    with Proxy(front.url) as found:
        endpoint = "https://hub.example.test"
        secure.rig.machine.set(HF_ENDPOINT=endpoint, https_proxy=found.url, SSL_CERT_FILE=certificate)
        secure.rig.hub.public_url = endpoint
        yield found


def test_connect_through_a_proxy(rig: Rig, tunnel: Proxy):
    rig.assert_whole(get())
    assert {exchange.method for exchange in tunnel.log} == {"CONNECT"}


def test_proxy_user_and_password_are_sent_to_the_proxy(rig: Rig, proxy: Proxy):
    rig.machine.set(http_proxy=proxy.url.replace("http://", "http://ann:p%40ss@"))
    rig.assert_whole(get())
    assert {exchange.headers.get("proxy-authorization") for exchange in proxy.log} == {"Basic YW5uOnBAc3M="}
    assert all("proxy-authorization" not in exchange.headers for exchange in rig.hub.log)


@pytest.mark.parametrize("way", ["proxy", "tunnel"])
def test_proxy_that_wants_a_password(request: pytest.FixtureRequest, way: str):
    proxy: Proxy = request.getfixturevalue(way)
    proxy.plan(Say(Answer(407, [("Proxy-Authenticate", 'Basic realm="rig"')])), times=FOREVER)
    with refused("E_PROXY") as caught:
        get()
    assert "407" in str(caught.value)
    assert "_proxy" in str(caught.value).lower()


def _hold_port(one: socket.socket, ports: Iterable[int]) -> int:
    """Bind a socket that never listens, so that nobody else takes the port, to the first that is free."""
    for port in ports:
        with suppress(OSError):
            one.bind(("127.0.0.1", port))
            return one.getsockname()[1]
    raise AssertionError("every port is taken")


@pytest.mark.parametrize("ports", [[0], range(40_700, 40_800)], ids=["any", "looks like a status"])
def test_proxy_that_is_not_there(rig: Rig, ports: Iterable[int]):
    with socket.socket() as closed:
        port = _hold_port(closed, ports)
        rig.machine.set(HF_ENDPOINT="http://hub.example.test", http_proxy=f"http://127.0.0.1:{port}")
        with refused("E_PROXY") as caught:
            get()
    assert str(port) in str(caught.value)
    assert "407)" not in str(caught.value)


def test_name_that_does_not_resolve(rig: Rig, monkeypatch: pytest.MonkeyPatch):
    rig.machine.set(HF_ENDPOINT="http://hub.example.test")

    def unknown(*arguments: object, **options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with refused("E_DNS") as caught:
        get()
    assert "hub.example.test" in str(caught.value)


def test_first_address_is_a_black_hole(rig: Rig, monkeypatch: pytest.MonkeyPatch):
    """A host with two addresses, the first of which swallows everything, as IPv6 does in some networks."""
    rig.machine.set(HF_ENDPOINT="http://hub.example.test", TORSO_CONNECT="0.3")
    rig.hub.plain = True
    good = rig.front.server_address[1]
    real = socket.getaddrinfo
    with socket.create_server(("127.0.0.1", 0), backlog=0) as hole:
        filler = [socket.socket() for _ in range(4)]
        try:
            for one in filler:
                one.setblocking(False)
                one.connect_ex(hole.getsockname())

            def two(host: object, port: object, *arguments: object, **options: object):
                if host != "hub.example.test":
                    return real(host, port, *arguments, **options)  # type: ignore[arg-type]
                ports = (hole.getsockname()[1], good)
                return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", one)) for one in ports]

            monkeypatch.setattr(socket, "getaddrinfo", two)
            assert (get() / "model.safetensors").read_bytes() == rig.weights
        finally:
            for one in filler:
                one.close()


def test_nobody_listens(rig: Rig):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # held, so that nobody else takes the port, and never listens
        port = closed.getsockname()[1]
        rig.machine.set(HF_ENDPOINT=f"http://127.0.0.1:{port}")
        with refused("E_CONNECT") as caught:
            get(NAME)
    assert str(port) in str(caught.value)
