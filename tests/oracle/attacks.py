"""Files that once were said to be safe, each of which a loader runs: one for each kind of second reading."""

from tests.hostile.archives import torch_file
from tests.hostile.headers import safetensors
from tests.hostile.legacy import MAGIC, SYSTEM, TAR, VERSION, tarred
from tests.hostile.pickled import EVIL, P2, PAYLOAD, STOP, call, mapping, name, tensor, text
from tests.oracle.files import GeneratedFile
from tests.oracle.torch_files import checked

TEXT = b"}0cos\nsystem\n(S'true'\ntR0(dp0\nS'w'\nI1\ns."
"""A pickle of protocol 0 that begins with no mark of its own."""

_LOAD = name("torch.storage", "_load_from_bytes")
_GOOD = torch_file(P2 + b"N.")


def _bytes(content: bytes) -> bytes:
    return b"B" + len(content).to_bytes(4, "little") + content


def _planted(attribute: str) -> bytes:
    """An object of a known class with a function for a method, after a harmless call of that function."""
    known = call("torch.storage", "_load_from_bytes", _bytes(_GOOD)) + b"0"
    return known + name("argparse", "Namespace") + b")\x81" + mapping(**{attribute: _LOAD}) + b"b"


def _header_is_an_instruction() -> bytes:
    """The length of the header begins with UNICODE, which takes a line: the header, up to its line feed."""
    code = b"0" + PAYLOAD + STOP
    header = b'{"w":{"dtype":"U8","shape":[%d],"data_offsets":[0,%d]}}' % (len(code), len(code))
    return safetensors(header.ljust(0x155) + b"\n", code)


def _name_is_a_pickle() -> bytes:
    """A tar whose first member's name begins a legacy file, all the rest of the tar being a byte string in that."""
    evil = tarred(**{**TAR, "pickle": EVIL})
    start = MAGIC + VERSION + SYSTEM[:2] + b"}." + P2
    start += _bytes(bytes(len(evil) + 512 - len(start) - 5))[:5]
    first = checked(start.ljust(100, b"\0") + tarred(x=b"")[100:512])
    return first + evil + b"0}." + P2 + b"]."


_CONTENTS: dict[str, tuple[str, bytes]] = {
    "safetensors by its header, a pickle by its length": (".pth", _header_is_an_instruction()),
    "legacy by its first bytes, a tar by its path": (".pth", _name_is_a_pickle()),
    "a class of that name in the archive's code": (
        ".pt",
        torch_file(
            P2 + PAYLOAD + b"0" + mapping(w=tensor()) + STOP,
            **{"bytecode.pkl": P2 + b").", "code/os.py": b"class system(Module):\n  __parameters__ = []\n"},
        ),
    ),
    "a package's pickle of protocol 0": (".pt", torch_file(TEXT, **{".data/extern_modules": b"torch\n", ".data/version": b"6\n"})),
    "a method that was known in a call": (".pt", torch_file(P2 + _planted("__setstate__") + _bytes(torch_file(EVIL)) + b"b.")),
    "append that was known in a call": (".pkl", P2 + _planted("append") + _bytes(torch_file(EVIL)) + b"a."),
    "legacy magic by LONG4": (".pth", P2 + b"\x8b\x0a\0\0\0" + bytes.fromhex("6cfc9c46f9206aa85019") + b".I1001\n.}." + TEXT + b"]."),
    "protocol 0 behind the end": (".pkl", P2 + b"}q\0." + TEXT),
    "an archive in a byte string": (".pt", torch_file(P2 + b"}" + text("blob") + _bytes(torch_file(EVIL)) + b"s.")),
    "a pickle as a key": (".pt", torch_file(P2 + b"}" + _bytes(EVIL) + b"K\x01s.")),
    "a pickle in a text": (".pkl", P2 + text("N0cos\nsystem\n(S'true'\ntR.") + b"."),
    "a frame that ends inside a string": (
        ".pkl", b"\x80\x04}\x95\x01\0\0\0\0\0\0\0\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R0.",
    ),
}  # fmt: skip

ATTACKS = {
    title: GeneratedFile("attack", ending, content) for title, (ending, content) in _CONTENTS.items()
}
