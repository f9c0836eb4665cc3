"""What any tool of this kind has to pay: `python -m benchmarks.floors WHAT FILE`."""

import sys

BLOCK = 1 << 20


def main() -> None:
    what, path = sys.argv[1:]
    if what == "imports":
        import matplotlib.pyplot  # noqa: F401
        import torch
    elif what == "load":
        import torch

        torch.load(path, mmap=True, weights_only=True)
    elif what == "bytes":
        with open(path, "rb", buffering=0) as file:
            block = bytearray(BLOCK)
            while file.readinto(block):
                pass
    elif what == "sha256":
        import hashlib

        with open(path, "rb") as file:
            hashlib.file_digest(file, "sha256")
    else:
        raise SystemExit(f"no floor is called {what}")


if __name__ == "__main__":
    main()
