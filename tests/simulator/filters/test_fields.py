"""The selectors have the fields that the simulator compares, which are those of real agents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from consul_proto.filters import listings
from consul_proto.filters.fields import Each, Flag, Number, Structure, Text, TextList, TextMap, Uint8, Uint16, Uint64, fields_of
from consul_proto.simulator.engine.versions import V1_X
from consul_proto.simulator.filters import expressions

_NAMES = {Text: "str", Number: "int", Flag: "bool", TextList: "list", TextMap: "map", Uint8: "uint8", Uint16: "uint16", Uint64: "uint64"}

#: Fields of Consul that the selectors leave out: Consul panics on members of those of the mesh, compares `Addr` byte by byte, and refuses
#: DefaultAddr and DefaultPort of intentions since 1.9; before, they are always empty.
_LEFT_OUT = {"Proxy", "Connect", "ServiceProxy", "ServiceConnect", "Addr", "DefaultAddr", "DefaultPort"}


def _described(kind: Any) -> Any:
    """Return a class of the builder as the simulator's tables describe a field."""
    if kind is listings.AddressMap:
        return expressions.Each({"Address": "str", "Port": "int"}, by_name=True)
    if not issubclass(kind, Structure):
        return _NAMES[kind]
    found = {name: _described(inner) for name, inner in fields_of(kind).items()}
    return expressions.Each(found) if issubclass(kind, Each) else found


def _without(fields: Any) -> Any:
    """Return a table of the simulator without the fields that are left out, and without the marks of new ones."""
    if isinstance(fields, expressions.Each):
        return expressions.Each(_without(fields.of), fields.by_name)
    if not isinstance(fields, Mapping):
        return fields
    named = {name.removeprefix(expressions.NEW): inner for name, inner in fields.items()}
    return {name: _without(inner) for name, inner in named.items() if name not in _LEFT_OUT}


@pytest.mark.parametrize(
    ("where", "fields"),
    [
        (listings.node, expressions.NODE),
        (listings.service, expressions.NODE_SERVICE),
        (listings.check, expressions.HEALTH_CHECK),
        (listings.service_entry, expressions.HEALTH_SERVICE),
        (listings.catalog_service, expressions.SERVICE_NODE),
        (listings.member, expressions.MEMBER),
        (listings.intention, expressions.INTENTION[V1_X]),
        (listings.service_defaults, expressions.SERVICE_DEFAULTS),
    ],
    ids=repr,
)
def test_a_selector_has_the_fields_that_consul_compares(where: Structure[Any], fields: Mapping[str, Any]) -> None:
    assert _described(type(where)) == _without(fields)
