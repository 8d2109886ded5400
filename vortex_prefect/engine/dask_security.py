"""The keys with which a stack's own Dask is reached."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from distributed import LocalCluster, Security

from vortex_prefect.core.settings import DaskKeys, Settings

#: What says where the home is; other settings are the stack's.
_HOME = ("VORTEX_HOME", "XDG_DATA_HOME", "HOME")
#: Who says one of these of a cluster has decided how it is reached.
_DECIDED = frozenset({"security", "protocol", "worker_class"})
#: The address at which Dask's own dashboard listens if nobody says so, but on this machine only.
_DASHBOARD = "127.0.0.1:8787"


def stack_security(keys: DaskKeys, address: str) -> Security | None:
    """What opens the scheduler at `address`, if that is the one these keys were made for."""
    try:
        if keys.address.read_text(encoding="ascii") != address:
            return None
    except (OSError, ValueError):
        return None
    certificate, key = str(keys.certificate), str(keys.key)
    return Security(
        require_encryption=True,
        tls_ca_file=certificate,
        tls_client_cert=certificate,
        tls_client_key=key,
    )


def security_at(address: str, env: Mapping[str, str]) -> Security | None:
    """What opens the scheduler at `address`, if it is that of the stack with the user's home (`VORTEX_HOME`)."""
    where = Settings.from_env({name: env[name] for name in _HOME if name in env})
    return stack_security(where.dask_keys, address)


def closed_cluster(cluster_class: object, options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of a `LocalCluster` that nobody but its own processes can speak to.

    Dask's default listens on TCP, and runs whatever anybody on the machine sends. One in a single process
    does not listen at all.
    """
    if cluster_class not in (None, LocalCluster):
        return dict(options)
    closed = {"dashboard_address": _DASHBOARD, **options}
    if options.get("processes", True) and "://" not in str(options.get("host")) and not _DECIDED & options.keys():
        closed["security"] = True
    return closed
