"""A file of a folder that does not stay open."""

import os
from collections.abc import Callable

from pthreport.checkpoint.errors import FormatError, ReadError
from pthreport.checkpoint.source import Source


class Reopened(Source):
    """A file that is opened for each read: a checkpoint may have more files than a process may open.

    It must be the same file each time, by device, inode and size.
    """

    def __init__(self, opens: Callable[[], int], status: os.stat_result) -> None:
        super().__init__(-1, status.st_size)
        self._opens = opens
        self._same = (status.st_dev, status.st_ino, status.st_size)

    def read_into(self, buffer: memoryview, start: int) -> None:
        """Fill `buffer`; raises `ReadError` where the file ends before, is closed or another one now."""
        if self._closed:
            raise ReadError("the checkpoint has been closed")
        try:
            source = Source(self._opens(), self.length)
        except FormatError as error:
            raise ReadError(error.text) from error
        try:
            status = os.fstat(source._descriptor)
            if (status.st_dev, status.st_ino, status.st_size) != self._same:
                raise ReadError("the file has been replaced since it was opened")
            source.read_into(buffer, start)
        finally:
            source.close()
