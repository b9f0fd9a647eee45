"""Addresses and the CONSUL_* variables, as the official client reads them; what is given always wins."""

from __future__ import annotations

from typing import Any

import pytest

from consul_proto.config import TLS, Address, Config, Limits, address_of, basic_auth_of, parse_address, proxy_secrets, tls_of


@pytest.mark.parametrize(
    ("text", "shown", "authority"),
    [
        ("consul:8500", "http://consul:8500", "consul:8500"),
        ("consul", "http://consul", "consul"),
        ("http://consul:8500/", "http://consul:8500", "consul:8500"),
        ("http://consul/prefix/", "http://consul/prefix", "consul"),
        ("https://consul", "https://consul", "consul"),
        ("https://consul:8501/a/b", "https://consul:8501/a/b", "consul:8501"),
        ("[::1]:8500", "http://[::1]:8500", "[::1]:8500"),
        ("::1", "http://[::1]", "[::1]"),
        ("unix:///run/consul.sock", "unix:///run/consul.sock", "localhost"),
        ("http+unix://%2Frun%2Fconsul.sock", "unix:///run/consul.sock", "localhost"),
    ],
)
def test_addresses(text: str, shown: str, authority: str) -> None:
    address = parse_address(text)
    assert str(address) == shown
    assert address.authority == authority


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http://",
        "ftp://x",
        "x:0",
        "x:70000",
        "x:y",
        "unix://relative",
        "http://u:p@x",
        "http://x?y",
        "http://x#y",
        "a b",
        "[::1",
        "[::1]x",
        "http://x/a b",
    ],
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_address(text)


@pytest.mark.parametrize(
    ("given", "environ", "shown"),
    [
        ((None, None, None), {}, "http://localhost:8500"),
        ((None, None, None), {"CONSUL_HTTP_ADDR": "10.0.0.1:80"}, "http://10.0.0.1"),
        ((None, None, None), {"CONSUL_HTTP_ADDR": "bare"}, "http://bare"),
        ((None, None, None), {"CONSUL_HTTP_ADDR": "x:8501", "CONSUL_HTTP_SSL": "true"}, "https://x:8501"),
        ((None, None, None), {"CONSUL_HTTP_ADDR": "http://x:8501", "CONSUL_HTTP_SSL": "1"}, "https://x:8501"),
        ((None, None, None), {"CONSUL_HTTP_ADDR": "unix:///s", "CONSUL_HTTP_SSL": "1"}, "unix:///s"),
        ((None, None, None), {"CONSUL_HTTP_ADDR": "https://x", "CONSUL_HTTP_SSL": "0"}, "https://x"),
        ((None, None, "http"), {"CONSUL_HTTP_ADDR": "x:8501", "CONSUL_HTTP_SSL": "true"}, "http://x:8501"),
        (("host", None, None), {"CONSUL_HTTP_ADDR": "x:1"}, "http://host:8500"),
        (("host", 81, "https"), {}, "https://host:81"),
        (("host:82", None, None), {}, "http://host:82"),
        (("https://host", None, None), {}, "https://host"),
        ((None, 81, None), {"CONSUL_HTTP_ADDR": "x:1"}, "http://x:81"),
        (("/run/s", None, "http+unix"), {}, "unix:///run/s"),
        (("unix:///run/s", None, None), {}, "unix:///run/s"),
        (("unix:///run/s", 8500, "unix"), {}, "unix:///run/s"),
    ],
    ids=str,
)
def test_where_the_agent_is(given: tuple[Any, Any, Any], environ: dict[str, str], shown: str) -> None:
    assert str(address_of(*given, environ)) == shown


@pytest.mark.parametrize(
    ("given", "environ"),
    [
        (("x", None, "gopher"), {}),
        ((None, None, "http+unix"), {}),
        (("x", 0, None), {}),
        ((None, None, None), {"CONSUL_HTTP_SSL": "maybe"}),
    ],
    ids=str,
)
def test_where_no_agent_can_be(given: tuple[Any, Any, Any], environ: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        address_of(*given, environ)


def test_tls() -> None:
    environ = {
        "CONSUL_HTTP_SSL_VERIFY": "false",
        "CONSUL_CACERT": "ca",
        "CONSUL_CAPATH": "path",
        "CONSUL_CLIENT_CERT": "cert",
        "CONSUL_CLIENT_KEY": "key",
        "CONSUL_TLS_SERVER_NAME": "name",
    }
    assert tls_of(TLS(), environ, None) == TLS(False, "ca", "path", "cert", "key", "name")
    assert tls_of(TLS(ca_file="mine"), environ, True) == TLS(True, "mine", "path", "cert", "key", "name")
    assert tls_of(TLS(), {}, None) == TLS()
    assert tls_of(TLS(), {}, False) == TLS(verify=False)
    with pytest.raises(ValueError, match="CONSUL_HTTP_SSL_VERIFY must be true or false"):
        tls_of(TLS(), {"CONSUL_HTTP_SSL_VERIFY": "off"}, None)


def test_basic_auth() -> None:
    assert basic_auth_of(None, {}) == ()
    assert basic_auth_of(("u", "p:q"), {"CONSUL_HTTP_AUTH": "x:y"}) == (("Authorization", "Basic dTpwOnE="),)
    assert basic_auth_of(None, {"CONSUL_HTTP_AUTH": "u:p:q"}) == (("Authorization", "Basic dTpwOnE="),)
    with pytest.raises(ValueError, match="must not contain a colon"):
        basic_auth_of(("a:b", "c"), {})


def test_limits() -> None:
    assert Limits().connections + Limits().blocking < 200  # what an agent accepts from one address
    for bad in ({"connections": 0}, {"blocking": 0}, {"response_size": 0}):
        with pytest.raises(ValueError, match=r"\w"):
            Limits(**bad)


def test_a_config_tells_no_password() -> None:
    assert "secret" not in repr(Config(Address(), proxy="http://u:secret@proxy"))


def test_what_a_proxy_keeps_secret() -> None:
    assert proxy_secrets("http://u:p%40ss@proxy:3128") == ("p%40ss", "p@ss", "dTpwQHNz")
    assert proxy_secrets("http://proxy:3128") == proxy_secrets(None) == ()


def test_a_host_in_another_script() -> None:
    with pytest.raises(ValueError, match="as xn--"):
        parse_address("http://bücher.example:8500")


@pytest.mark.parametrize("path", ["/run/consul\0.sock", "/run/\nconsul.sock", "/run/\x7f"])
def test_the_path_of_a_socket_has_no_control_character(path: str) -> None:
    with pytest.raises(ValueError, match="control character"):
        parse_address(f"unix://{path}")
