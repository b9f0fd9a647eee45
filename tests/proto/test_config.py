"""Addresses and the CONSUL_* variables, as the official client reads them; what is given always wins."""

from __future__ import annotations

import re
from typing import Any

import pytest

from consul_proto.config import (
    TLS,
    Address,
    Config,
    Limits,
    address_of,
    addresses_of,
    basic_auth_of,
    connect_deadline,
    parse_address,
    proxy_secrets,
    tls_of,
)


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
        ":",
        "http://:",
        "http:127.0.0.1:8500",
        "http:h",
        "http:/h:8500",
        "http//h:8500",
        "h:8500/prefix",
        "a:b:c",
        "[h]:8500",
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
        ((None, None, None), {"CONSUL_HTTP_ADDR": "x", "CONSUL_HTTP_SSL": "1"}, "https://x"),
        ((None, None, None), {"CONSUL_HTTP_ADDR": "http://x", "CONSUL_HTTP_SSL": "1"}, "https://x"),
        ((None, None, None), {"CONSUL_HTTP_SSL": "1"}, "https://localhost:8500"),
        ((None, None, None), {"CONSUL_HTTP_ADDR": ":8501"}, "http://localhost:8501"),
        ((None, None, None), {"CONSUL_HTTP_ADDR": "http://:8501/p"}, "http://localhost:8501/p"),
        ((":8501", None, None), {}, "http://localhost:8501"),
        (("h", None, None), {"CONSUL_HTTP_SSL": "1"}, "https://h:8500"),
        (("http://h", None, "https"), {}, "https://h"),
        (("http://h", 1234, None), {}, "http://h:1234"),
        (("http://h:1234", 1234, None), {}, "http://h:1234"),
        ((None, None, "http+unix"), {"CONSUL_HTTP_ADDR": "unix:///s", "CONSUL_HTTP_SSL": "1"}, "unix:///s"),
        (("/s", None, "http+unix"), {"CONSUL_HTTP_SSL": "1"}, "unix:///s"),
        (("http+unix://%2Fs", None, "http+unix"), {}, "unix:///s"),
        ((None, None, None), {"CONSUL_HTTP_ADDR": "unix:///s", "CONSUL_HTTP_SSL": "0"}, "unix:///s"),
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
        (("x", -1, None), {}),
        (("http://x", None, "http+unix"), {}),
        ((None, None, None), {"CONSUL_HTTP_SSL": "maybe"}),
    ],
    ids=str,
)
def test_where_no_agent_can_be(given: tuple[Any, Any, Any], environ: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        address_of(*given, environ)


@pytest.mark.parametrize("uri", ["http://h:8500", "http://h:8500/", "http://h:8500/v1", "http://h:8500/v1/", "h:8500/v1", "h:8500"])
def test_the_base_uri_of_the_documented_api(uri: str) -> None:
    assert str(parse_address(uri)) == str(address_of(uri, None, None, {})) == "http://h:8500"


def test_a_prefix_before_the_base_uri_and_a_socket_with_it() -> None:
    assert str(parse_address("https://h/consul/v1/")) == "https://h/consul"
    assert str(parse_address("https://h/v10")) == "https://h/v10"
    assert str(parse_address("http+unix:///run/consul.sock/v1")) == "unix:///run/consul.sock"
    assert str(parse_address("http+unix://%2Frun%2Fconsul.sock/v1")) == "unix:///run/consul.sock"


@pytest.mark.parametrize(
    ("given", "environ"),
    [
        ((None, None, None), {"CONSUL_HTTP_ADDR": "unix:///s", "CONSUL_HTTP_SSL": "true"}),
        ((None, None, None), {"CONSUL_HTTP_ADDR": "https+unix:///s", "CONSUL_HTTP_SSL": "false"}),
        (("unix:///s", None, None), {"CONSUL_HTTP_SSL": "1"}),
        (("http+unix:///s", None, None), {"CONSUL_HTTP_SSL": "1"}),
        (("unix:///s", None, "https"), {}),
        ((None, None, "https"), {"CONSUL_HTTP_ADDR": "unix:///s"}),
        (("/s", None, "https+unix"), {}),
        (("unix:///s", None, "https+unix"), {}),
        (("https+unix:///s", None, None), {}),
        (("https+unix:///s/v1", None, "https+unix"), {}),
        ((None, None, "https+unix"), {"CONSUL_HTTP_ADDR": "unix:///s"}),
    ],
    ids=str,
)
def test_tls_over_a_unix_socket(given: tuple[Any, Any, Any], environ: dict[str, str]) -> None:
    address = address_of(*given, environ)
    assert str(address) == "https+unix:///s"
    assert address.authority == "localhost"
    assert address.is_unix
    assert address.is_encrypted
    assert parse_address(str(address)) == address


@pytest.mark.parametrize("scheme", ["unix", "http+unix"])
def test_an_address_with_tls_and_a_scheme_without_it(scheme: str) -> None:
    with pytest.raises(ValueError, match=f"begins with https\\+unix://, and scheme is '{re.escape(scheme)}'"):
        address_of("https+unix:///s", None, scheme, {})


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("http://h:1234", 8500, None), "host has the port 1234, and port is 8500; give one of them"),
        (("h:1234", 8500, None), "host has the port 1234, and port is 8500; give one of them"),
        (("https://h", None, "http"), "host begins with https://, and scheme is 'http'; give one of them"),
    ],
)
def test_arguments_that_contradict_each_other(given: tuple[Any, Any, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        address_of(*given, {})


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("http:127.0.0.1:8500", "http://127.0.0.1:8500"),
        ("https:h", "https://h"),
        ("http:/h:8500", "http://h:8500"),
        ("HTTP:h:8500", "http://h:8500"),
        ("unix:/run/s", "unix:///run/s"),
    ],
)
def test_a_scheme_without_its_slashes(text: str, meant: str) -> None:
    with pytest.raises(ValueError, match=f"did you mean {meant}\\?"):
        parse_address(text)


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


@pytest.mark.parametrize("options", [{"connections": "5"}, {"blocking": True}, {"response_size": 1.5}, {"idle": "60"}, {"idle": True}])
def test_limits_are_numbers(options: dict[str, Any]) -> None:
    [name] = options
    with pytest.raises(TypeError, match=rf"Limits\(\): {name} must be"):
        Limits(**options)


@pytest.mark.parametrize(
    ("given", "environ", "shown"),
    [
        ((["http://c1:8500", "https://c2"], None, None), {}, "http://c1:8500, https://c2"),
        ((["c1", "c2:8501"], None, None), {}, "http://c1:8500, http://c2:8501"),
        ((("c1", "c2"), 8501, "https"), {}, "https://c1:8501, https://c2:8501"),
        (("c1:8500,c2:8500", None, None), {}, "http://c1:8500, http://c2:8500"),
        ((["c1"], None, None), {"CONSUL_HTTP_ADDR": "x,y"}, "http://c1:8500"),
        ((["c1", "http://c1:8500"], None, None), {}, "http://c1:8500"),
        ((None, None, None), {"CONSUL_HTTP_ADDR": "c1:8500,c2:8500"}, "http://c1:8500, http://c2:8500"),
        ((None, None, None), {"CONSUL_HTTP_ADDR": "c1:8500, https://c2:8501"}, "http://c1:8500, https://c2:8501"),
        ((None, None, None), {"CONSUL_HTTP_ADDR": "c1:8501,c2:8501", "CONSUL_HTTP_SSL": "1"}, "https://c1:8501, https://c2:8501"),
        ((None, None, None), {"CONSUL_HTTP_ADDR": "unix:///run/c.sock,http://c2:8500"}, "unix:///run/c.sock, http://c2:8500"),
        ((None, None, None), {"CONSUL_HTTP_ADDR": "c1:8500,unix:///run/a,b.sock"}, "http://c1:8500, unix:///run/a,b.sock"),
        (("/run/a,b.sock", None, "http+unix"), {}, "unix:///run/a,b.sock"),
        ((None, None, None), {}, "http://localhost:8500"),
    ],
)
def test_the_addresses_of_several_agents(given: tuple[Any, Any, Any], environ: dict[str, str], shown: str) -> None:
    address, *others = addresses_of(*given, environ)
    config = Config(address, others=tuple(others))
    assert config.shown == shown
    assert config.addresses == (address, *others)


@pytest.mark.parametrize(
    ("host", "environ", "says"),
    [
        ([], {}, "host must be an address or a list of them, and this list is empty"),
        ("c1:8500,", {}, "an address is missing before or after a comma: 'c1:8500,'"),
        (None, {"CONSUL_HTTP_ADDR": ",c1"}, "an address is missing before or after a comma: ',c1'"),
        (["c1", "ftp://c2"], {}, "an address must begin with"),
        (["c1", ""], {}, "not an address: ''"),
    ],
)
def test_addresses_that_are_none(host: Any, environ: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        addresses_of(host, None, None, environ)


def test_one_of_several_agents_must_accept_a_connection_within_its_share_of_the_time() -> None:
    assert connect_deadline(100.0, 104.0, 2) == 102.0
    assert connect_deadline(100.0, 130.0, 2) == 103.0
    assert connect_deadline(100.0, float("inf"), 3) == 103.0
