"""`vortex env`: a shell's way to the running stack."""

from __future__ import annotations

import shlex

from vortex_prefect.bootstrap.credentials import prefect_auth_string
from vortex_prefect.bootstrap.stack import running_stack
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.core.settings import Settings


def exports(settings: Settings) -> dict[str, str]:
    """Variables with which `vortex`, `prefect` and flows in Python find the stack, and are let in.

    Raises:
        SystemFault: SY-004, no stack runs with this home.
    """
    info = running_stack(settings)
    if info is None:
        raise SystemFault("SY-004", f"no stack runs with the home {settings.home}")
    found = {"VORTEX_HOME": str(settings.home), "PREFECT_API_URL": info.prefect_api_url}
    if info.owns_prefect:
        found["PREFECT_API_AUTH_STRING"] = prefect_auth_string(settings.prefect_auth)
    return found


def print_exports(settings: Settings) -> None:
    """Print them as commands of a POSIX shell."""
    for name, value in exports(settings).items():
        print(f"export {name}={shlex.quote(value)}")
