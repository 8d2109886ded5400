"""Workflows of ComfyUI as graphs.

Only their file formats are read: the editor's (`nodes` and `links`), the API's (`class_type` and `inputs`), and PNG
files that carry either as text. `table` says which of their node types is which of ours.
"""

from vortex_prefect.graph.comfyui.conversion import Converted, convert
from vortex_prefect.graph.comfyui.reading import read_workflow

__all__ = ["Converted", "convert", "read_workflow"]
