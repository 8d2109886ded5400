"""diffusers and transformers: imported when a node first needs them, and never on the network."""

from __future__ import annotations

import importlib
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType

import torch

from vortex_prefect.core.errors import SystemFault, VortexError, WorkerError

#: Read by the libraries when they are imported. Nothing is downloaded: each call says so once more.
_ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "DIFFUSERS_VERBOSITY": "error",
    "TRANSFORMERS_VERBOSITY": "error",
}  # fmt: skip


@cache
def diffusers() -> ModuleType:
    """The library.

    Raises:
        SystemFault: SY-003, it is not installed.
    """
    module = _imported("diffusers")
    module.utils.logging.disable_progress_bar()
    return module


@cache
def transformers() -> ModuleType:
    """The library of the text encoders.

    Raises:
        SystemFault: SY-003, it is not installed.
    """
    module = _imported("transformers")
    importlib.import_module("transformers.utils.logging").disable_progress_bar()
    return module


def _imported(name: str) -> ModuleType:
    os.environ.update(_ENVIRONMENT)
    try:
        with warnings.catch_warnings():
            # Of what they will not have some day, which no user can do anything about.
            warnings.simplefilter("ignore")
            return importlib.import_module(name)
    except ImportError as error:
        hint = "pip install 'vortex-prefect[diffusion]'"
        raise SystemFault("SY-003", f"the nodes of diffusion need {name}: {error}", hint) from error


@contextmanager
def loading(what: str) -> Iterator[None]:
    """Translates what loading a model raises; `what` names the files, for people.

    Raises:
        WorkerError: WK-013, a file is missing or damaged; WK-014, it is no model of that architecture.
    """
    try:
        with warnings.catch_warnings(), torch.inference_mode(False), torch.no_grad():
            warnings.simplefilter("ignore")
            yield
    except (VortexError, MemoryError, torch.OutOfMemoryError):
        raise
    except OSError as error:
        raise WorkerError("WK-013", f"{what}: {first_line(error)}") from error
    except Exception as error:  # these libraries raise all kinds
        if "can't allocate memory" in str(error):
            raise
        if type(error).__name__ == "SafetensorError":
            raise WorkerError("WK-013", f"{what} cannot be read: {first_line(error)}") from error
        raise WorkerError("WK-014", f"{what} is no such model: {first_line(error)}") from error


def first_line(error: BaseException) -> str:
    """What an error says, short enough for a message."""
    text = str(error).strip().partition("\n")[0][:300]
    return text or type(error).__name__
