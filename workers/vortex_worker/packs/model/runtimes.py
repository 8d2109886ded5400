"""What runs a model: ONNX Runtime, or torch."""

from __future__ import annotations

import io
import warnings
from typing import Any, Protocol

import torch

from vortex_worker.packs.model.handles import Handle

#: ONNX Runtime's names of element types.
_ONNX_TYPES = {
    "tensor(float)": torch.float32, "tensor(float16)": torch.float16, "tensor(double)": torch.float64,
    "tensor(int64)": torch.int64, "tensor(int32)": torch.int32, "tensor(int16)": torch.int16,
    "tensor(int8)": torch.int8, "tensor(uint8)": torch.uint8, "tensor(bool)": torch.bool,
}  # fmt: skip


class Runnable(Protocol):
    """A model that takes tensors and gives tensors."""

    def describe(self) -> dict[str, Any]:
        """Inputs and outputs, as JSON."""

    def run(self, tensors: list[torch.Tensor]) -> dict[str, torch.Tensor]:
        """Its outputs by name, in order, on the device of the first input.

        Raises:
            ValueError: the tensors do not fit the model.
        """


def load_onnx(data: bytes, handle: Handle, device: torch.device) -> OnnxModel:
    """A model for ONNX Runtime; on CUDA if that is where the worker computes and the runtime knows it.

    Raises:
        ValueError: the bytes are no such model, or it wants other files.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = torch.get_num_threads()
    # A model in memory may name files for its weights: none are read, whatever lies in the working folder.
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", "/proc/nowhere")
    wanted = ["CUDAExecutionProvider"] if device.type == "cuda" else []
    known = onnxruntime.get_available_providers()
    providers = [name for name in (*wanted, "CPUExecutionProvider") if name in known]
    try:
        return OnnxModel(onnxruntime.InferenceSession(data, options, providers), handle)
    except Exception as error:  # it has a class of its own for each of its codes
        raise ValueError(f"{handle.path} is no ONNX model that can be run: {error}") from error


class OnnxModel:
    """A session of ONNX Runtime.

    Attributes:
        metadata: what the model says of itself, by name.
    """

    def __init__(self, session: Any, handle: Handle) -> None:
        self._session = session
        self._path = handle.path
        self._inputs = session.get_inputs()
        self._outputs = [output.name for output in session.get_outputs()]
        self.metadata: dict[str, str] = session.get_modelmeta().custom_metadata_map

    def describe(self) -> dict[str, Any]:
        """See `Runnable`; lengths that are free have names, or are null."""
        return {
            "format": "onnx",
            "inputs": [{"name": each.name, "shape": list(each.shape), "type": each.type} for each in self._inputs],
            "outputs": list(self._outputs),
        }

    def run(self, tensors: list[torch.Tensor]) -> dict[str, torch.Tensor]:
        """See `Runnable`."""
        if len(tensors) != len(self._inputs):
            names = ", ".join(each.name for each in self._inputs)
            raise ValueError(f"{self._path} takes {len(self._inputs)} tensors ({names}), not {len(tensors)}")
        feed = {}
        for each, tensor in zip(self._inputs, tensors, strict=True):
            kind = _ONNX_TYPES.get(each.type)
            if kind is None:
                raise ValueError(f"{self._path}: input {each.name} is {each.type}, which no tensor is")
            feed[each.name] = tensor.detach().to("cpu", kind).contiguous().numpy()
        try:
            found = self._session.run(None, feed)
        except Exception as error:
            shapes = ", ".join(str(tuple(tensor.shape)) for tensor in tensors)
            raise ValueError(f"{self._path} does not take tensors of shape {shapes}: {error}") from error
        device = tensors[0].device
        outputs = zip(self._outputs, found, strict=True)
        # What is no array is a sequence or a map, which few models have, and no port carries.
        return {name: torch.from_numpy(array).to(device) for name, array in outputs if hasattr(array, "dtype")}


def load_module(data: bytes, handle: Handle, device: torch.device) -> TorchModel:
    """A TorchScript program, or one of torch.export.

    Raises:
        ValueError: the bytes are no such program.
    """
    try:
        with warnings.catch_warnings():
            # TorchScript is to go, but files of it are there.
            warnings.simplefilter("ignore")
            if handle.format == "export":
                module = torch.export.load(io.BytesIO(data)).module().to(device)
            else:
                module = torch.jit.load(io.BytesIO(data), map_location=device)
                module.eval()
    except Exception as error:
        reason = str(error).partition("\n")[0]
        raise ValueError(f"{handle.path} is no program of format {handle.format}: {reason}") from error
    return TorchModel(module, handle, device)


class TorchModel:
    """A module that torch runs."""

    def __init__(self, module: Any, handle: Handle, device: torch.device) -> None:
        self._module = module
        self._handle = handle
        self._device = device

    def describe(self) -> dict[str, Any]:
        """See `Runnable`; of its inputs a program says nothing that can be relied on."""
        count = sum(parameter.numel() for parameter in self._module.parameters())
        return {"format": self._handle.format, "parameters": count}

    def run(self, tensors: list[torch.Tensor]) -> dict[str, torch.Tensor]:
        """See `Runnable`; outputs are called 0, 1, …, or as the program's dictionary does."""
        try:
            # Outside of inference mode: programs may write to what they were given a copy of.
            with torch.inference_mode(False), torch.no_grad():
                found = self._module(*(tensor.detach().clone().to(self._device) for tensor in tensors))
        except torch.OutOfMemoryError:
            raise
        except Exception as error:
            shapes = ", ".join(str(tuple(tensor.shape)) for tensor in tensors)
            reason = str(error).strip().rpartition("\n")[2]
            raise ValueError(f"{self._handle.path} does not take tensors of shape {shapes}: {reason}") from error
        if isinstance(found, torch.Tensor):
            return {"0": found}
        pairs = found.items() if isinstance(found, dict) else enumerate(found)
        return {str(name): value for name, value in pairs if isinstance(value, torch.Tensor)}


def load_weights(data: bytes, handle: Handle, device: torch.device) -> dict[str, torch.Tensor]:
    """Tensors by name, of safetensors or of a file of `torch.save`; of the latter nothing but tensors is read.

    Raises:
        ValueError: the bytes are no such file, or hold more than tensors.
    """
    try:
        if handle.format == "safetensors":
            import safetensors.torch

            # Its own order changes from one time to the next.
            found = dict(sorted(safetensors.torch.load(data).items()))
        else:
            found = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:
        reason = str(error).partition("\n")[0]
        raise ValueError(f"{handle.path} holds no tensors that can be read safely: {reason}") from error
    while isinstance(found, dict) and isinstance(found.get("state_dict"), dict):
        found = found["state_dict"]
    if not isinstance(found, dict):
        raise ValueError(f"{handle.path} holds a {type(found).__name__}, not tensors by name")
    return {str(name): value.to(device) for name, value in found.items() if isinstance(value, torch.Tensor)}
