"""Filter expressions: their text, how they are combined, and what is refused."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from consul_proto.api import Operations
from consul_proto.filters.expression import DEEPEST, Filter
from consul_proto.filters.listings import catalog_service, check, member, node, service, service_defaults, service_entry, ui_node

#: Without types, for what a checker refuses.
untyped: Any = service_entry
api: Any = Operations()

_A, _B, _C = (node.Node == name for name in "abc")


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (service_entry.Service.Service == "web", 'Service.Service == "web"'),
        (service_entry.Service.Service != "web", 'Service.Service != "web"'),
        (service_entry.Service.Address.contains("10."), 'Service.Address contains "10."'),
        (service_entry.Node.Node.matches("^web"), 'Node.Node matches "^web"'),
        (service_entry.Service.Tags.contains("v2"), 'Service.Tags contains "v2"'),
        (service_entry.Service.Tags.is_empty(), "Service.Tags is empty"),
        (service_entry.Service.Meta["zone"] == "a", 'Service.Meta["zone"] == "a"'),
        (service_entry.Service.Meta["a.b"] == "", 'Service.Meta["a.b"] == ""'),
        (service_entry.Service.Meta.contains("zone"), 'Service.Meta contains "zone"'),
        (service_entry.Service.Port == 80, "Service.Port == 80"),
        (service_entry.Service.Port != -1, "Service.Port != -1"),
        (service_entry.Service.EnableTagOverride == True, "Service.EnableTagOverride == true"),  # noqa: E712 - it makes an expression
        (service_entry.Service.EnableTagOverride != False, "Service.EnableTagOverride != false"),  # noqa: E712 - as above
        (service_entry.Service.Weights.Passing == 1, "Service.Weights.Passing == 1"),
        (service_entry.Service.TaggedAddresses["lan"].Port == 80, 'Service.TaggedAddresses["lan"].Port == 80'),
        (service_entry.Service.TaggedAddresses.contains("lan"), 'Service.TaggedAddresses contains "lan"'),
        (service_entry.Checks.Status == "passing", 'Checks.Status == "passing"'),
        (service_entry.Checks.is_empty(), "Checks is empty"),
        (service.Tags.contains("v2"), 'Tags contains "v2"'),
        (check.ServiceTags.is_empty(), "ServiceTags is empty"),
        (catalog_service.NodeMeta["rack"] == "r1", 'NodeMeta["rack"] == "r1"'),
        (member.Port == 8301, "Port == 8301"),
        (service_defaults.Expose.Paths.ListenerPort == 80, "Expose.Paths.ListenerPort == 80"),
        (ui_node.Services.Tags.contains("a"), 'Services.Tags contains "a"'),
    ],
)
def test_a_comparison_is_written_in_consuls_words(made: Filter[Any], text: str) -> None:
    assert str(made) == text


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("web", '"web"'),
        ("", '""'),
        ("é😀\u2028\ufffd", '"é😀\u2028\ufffd"'),
        ("a`b", '"a`b"'),
        ('a"b', '`a"b`'),
        (r"^\d+$", r"`^\d+$`"),
        ("a\\", "`a\\`"),
        ('"`', '"\\u0022`"'),
        ("`\\", '"`\\\\"'),
        ("a\nb\r\t", '"a\\nb\\r\\t"'),
        ("\0\x01\x7f", '"\\u0000\\u0001\\u007f"'),
    ],
)
def test_a_value_is_quoted(value: str, written: str) -> None:
    assert str(node.Node == value) == f"Node == {written}"
    assert str(node.Meta[value] == "x") == f'Meta[{written}] == "x"'
    assert str(node.Meta.contains(value)) == f"Meta contains {written}"


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (_A & _B & _C, 'Node == "a" and Node == "b" and Node == "c"'),
        (_A & (_B & _C), 'Node == "a" and Node == "b" and Node == "c"'),
        (_A | _B | _C, 'Node == "a" or Node == "b" or Node == "c"'),
        (_A & _B | _C, 'Node == "a" and Node == "b" or Node == "c"'),
        (_A & (_B | _C), 'Node == "a" and (Node == "b" or Node == "c")'),
        ((_A | _B) & _C, '(Node == "a" or Node == "b") and Node == "c"'),
        (~_A & _B, 'not Node == "a" and Node == "b"'),
        (~(_A & _B), 'not (Node == "a" and Node == "b")'),
        (~(_A | _B) | _C, 'not (Node == "a" or Node == "b") or Node == "c"'),
        (~~_A, 'Node == "a"'),
        (~~(_A | _B) & _C, '(Node == "a" or Node == "b") and Node == "c"'),
        (~(~_A & _B), 'not (not Node == "a" and Node == "b")'),
    ],
)
def test_expressions_are_combined_with_the_parentheses_that_consul_needs(made: Filter[Any], text: str) -> None:
    assert str(made) == text


def test_matching_an_entry_of_a_map_asks_for_the_entry() -> None:
    """In Consul, every regular expression matches an entry that a map does not have."""
    matched = service.Meta["zone"].matches("^a")
    assert str(matched) == 'Meta contains "zone" and Meta["zone"] matches "^a"'
    assert str(~matched) == 'not (Meta contains "zone" and Meta["zone"] matches "^a")'
    lan = service.TaggedAddresses["lan"].Address.matches("^10")
    assert str(lan) == 'TaggedAddresses contains "lan" and TaggedAddresses["lan"].Address matches "^10"'


def test_an_expression_is_an_immutable_value() -> None:
    one, same = _A & _B, _A & _B
    assert one == same
    assert hash(one) == hash(same)
    assert one != _A
    others: list[object] = [check.Node == "a", str(one)]
    assert one not in others
    assert _A not in others
    assert repr(one) == '<Filter of node: Node == "a" and Node == "b">'
    assert pickle.loads(pickle.dumps(one)) == one
    with pytest.raises(FrozenInstanceError):
        one.text = "x"  # type: ignore[misc]  # that is the test


def test_a_selector_shows_its_place() -> None:
    assert repr(service_entry.Service.Meta["zone"]) == '<Text service_entry.Service.Meta["zone"]>'
    assert repr(node) == "<Node node>"
    assert dir(service.Weights) == ["Passing", "Warning"]


def test_a_call_takes_an_expression_or_text() -> None:
    expected = "/v1/health/service/web?filter=Service.Port%20%3D%3D%2080"
    for given in (service_entry.Service.Port == 80, "Service.Port == 80"):
        assert api.health.service("web", filter=given).request.target == expected
    for wrong in (3, service_entry.Service.Port, [service_entry.Service.Port == 80]):
        with pytest.raises(TypeError, match=r"^health.service\(\): filter must be a str or an expression of consulate.filters, not "):
            api.health.service("web", filter=wrong)


def _nested(levels: int) -> Filter[Any]:
    found = _A
    for _ in range(levels):
        found = (found | _B) & _C
    return found


def test_an_expression_that_consul_would_take_long_for_is_refused() -> None:
    assert str(_nested(DEEPEST)).startswith("(" * DEEPEST)
    with pytest.raises(ValueError, match="at most 5 parentheses inside each other"):
        _nested(DEEPEST + 1)
    with pytest.raises(ValueError, match="at most 5 parentheses inside each other"):
        _ = ~_nested(DEEPEST)


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: untyped.Service.Tag, AttributeError, "service_entry.Service has no field 'Tag'; did you mean 'Tags'?"),
        (lambda: untyped.Service.tags, AttributeError, "service_entry.Service has no field 'tags'; did you mean 'Tags'?"),
        (lambda: untyped.node, AttributeError, "service_entry has no field 'node'; did you mean 'Node'?"),
        (lambda: untyped.Service.ID_, AttributeError, "service_entry.Service has no field 'ID_'; did you mean 'ID'?"),
        (lambda: untyped.Service.PORT, AttributeError, "service_entry.Service has no field 'PORT'; did you mean 'Port'?"),
        (lambda: untyped.xyz, AttributeError, "service_entry has no field 'xyz'; it has Node, Service, Checks"),
        (
            lambda: untyped.Service.Proxy,
            AttributeError,
            "has no field 'Proxy'; Consul has it, but panics on some of its fields for a service that is not in the mesh",
        ),
        (lambda: member.Addr, AttributeError, "member has no field 'Addr'; Consul compares it byte by byte; filter by Name, or compare"),  # type: ignore[attr-defined]
        (
            lambda: setattr(untyped.Service, "Port", 80),
            AttributeError,
            "cannot set 'Port' of service_entry.Service: selectors are immutable",
        ),
        (lambda: untyped.Service.Port == "80", TypeError, "service_entry.Service.Port is compared with an int, not str"),
        (lambda: untyped.Service.Port == True, TypeError, "service_entry.Service.Port is compared with an int, not bool"),  # noqa: E712
        (lambda: untyped.Service.ID != 3, TypeError, "service_entry.Service.ID is compared with a str, not int"),
        (lambda: untyped.Service.EnableTagOverride == 1, TypeError, "EnableTagOverride is compared with a bool, not int"),
        (lambda: untyped.Service.Meta[3], TypeError, "service_entry.Service.Meta is compared with a str, not int"),
        (lambda: untyped.Service.TaggedAddresses[3], TypeError, "TaggedAddresses is compared with a str, not int"),
        (lambda: untyped.Service.Tags.contains(b"a"), TypeError, "service_entry.Service.Tags is compared with a str, not bytes"),
        (lambda: untyped.Service.Port == 1 << 63, ValueError, "service_entry.Service.Port is between -9223372036854775808 and 92"),
        (lambda: member.Port == 1 << 16, ValueError, "member.Port is between 0 and 65535; Consul refuses to compare it with 65536"),
        (lambda: member.ProtocolMin == -1, ValueError, "member.ProtocolMin is between 0 and 255"),
        (lambda: service_defaults.Hash == -1, ValueError, "service_defaults.Hash is between 0 and 18446744073709551615"),
        (lambda: node.Node == "\ud800", ValueError, "a value of a filter must not contain surrogates"),
        (lambda: ui_node.Services.Meta["x"].matches("a"), ValueError, "everything matches an entry that a map does not have; use =="),
        (lambda: bool(_A), TypeError, "a filter expression has no truth value; use &, | and ~ instead of and, or and not"),
        (lambda: not untyped.Service, TypeError, "service_entry.Service has no truth value; compare it, and use &"),
        (lambda: "v2" in untyped.Service.Tags, TypeError, "write service_entry.Service.Tags.contains('v2')"),
        (lambda: (untyped.Service.Port == 1) & 3, TypeError, "can be combined with another filter, not with int: Service.Port == 1"),
        (lambda: untyped.Service.Port == 1 & untyped.Service.Port, TypeError, "each in parentheses"),
        (lambda: ~untyped.Service.EnableTagOverride, TypeError, "service_entry.Service.EnableTagOverride is not a comparison; use &"),
        (lambda: _A & (check.Name == "a"), TypeError, "cannot combine a filter of node with one of check: a call filters one kind of"),  # type: ignore[operator]
    ],
)
def test_what_consul_cannot_select_by_is_refused(make: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error) as raised:
        make()
    assert text in str(raised.value)
