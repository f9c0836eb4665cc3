"""Checkpoints of several files: a folder, or the index that names its parts. One module a layout."""

from pthreport.checkpoint.folders.layouts import open_folder, read

__all__ = ["open_folder", "read"]
