"""`consulate.api.txn.Txn`, and the functions that build the operations of a transaction."""

from consul_proto.endpoints import txn as endpoints
from consul_proto.endpoints.txn import (
    kv_cas,
    kv_check_index,
    kv_check_not_exists,
    kv_check_session,
    kv_delete,
    kv_delete_cas,
    kv_delete_tree,
    kv_get,
    kv_get_tree,
    kv_lock,
    kv_set,
    kv_unlock,
)
from consul_proto.namespace import Sync
from consulate.api.documented import Documented

__all__ = [
    "Txn",
    "kv_cas",
    "kv_check_index",
    "kv_check_not_exists",
    "kv_check_session",
    "kv_delete",
    "kv_delete_cas",
    "kv_delete_tree",
    "kv_get",
    "kv_get_tree",
    "kv_lock",
    "kv_set",
    "kv_unlock",
]


class Txn(Documented, endpoints.Txn[Sync]):
    """Run several operations in one transaction: all of them, or none."""
