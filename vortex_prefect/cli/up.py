"""`vortex up`: the stack in the foreground."""

from __future__ import annotations

import os
import signal
import time
from types import FrameType

from rich.console import Console

from vortex_prefect.bootstrap.credentials import environment_token
from vortex_prefect.bootstrap.stack import Stack, StackInfo
from vortex_prefect.bridge.access import auth_required
from vortex_prefect.core.settings import Settings
from vortex_prefect.service.tokens import Tokens

_WATCH_S = 0.2


def stay_up(settings: Settings, console: Console) -> None:
    """Start the stack and look after it until SIGINT or SIGTERM."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    stack = Stack(settings, lambda line: console.print(f"[dim]{line}[/dim]"))
    try:
        with stack as info:
            _greet(info, settings, console)
            while True:
                stack.watch()
                time.sleep(_WATCH_S)
    except KeyboardInterrupt:
        console.print("stopped")


def _greet(info: StackInfo, settings: Settings, console: Console) -> None:
    console.print(f"[bold green]VORTEX is up[/bold green]  [link={info.url}]{info.url}[/link]")
    if auth_required(settings, Tokens(settings.tokens_file, environment_token(os.environ))):
        console.print("  log in      vortex login", highlight=False)
    console.print(f"  Prefect     {info.prefect_ui}")
    if info.owns_prefect:
        console.print(f"              asks for what is in {settings.prefect_auth}", soft_wrap=True)
    console.print(f"  Dask        {info.dask}")
    console.print(f"  home        {settings.home}")
    console.print('  shell       eval "$(vortex env)", for the command `prefect`', markup=False, soft_wrap=True)
    console.print("Ctrl-C ends all of it.")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    # Once: a second signal must not cut the tidying short.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
