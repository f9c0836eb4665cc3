"""Small files that would cost a careless reader hours, gigabytes or the stack."""

import struct
import zlib
from collections.abc import Callable

from tests.hostile.archives import archive, changed, entries, torch_file
from tests.hostile.case import Case
from tests.hostile.pickled import P2, P4, STOP, call, mapping, name, number, numbers, storage, tensor, text


def _bomb(
    title: str,
    content: bytes | Callable[[], bytes],
    what: str,
    says: str = "",
    ending: str = ".pkl",
    partial: bool | None = None,
    *,
    slow: bool = False,
) -> Case:
    return Case(title, "bomb", content, what, says=says, partial=partial, ending=ending, slow=slow)


def _collision(at: int) -> bytes:
    """Sixteen times -1 or -2, which Python gives the same hash."""
    return b"(" + b"".join(b"J" + struct.pack("<i", -1 - (at >> bit & 1)) for bit in range(16)) + b"tN"


def _views(count: int) -> bytes:
    """Many views of one storage, each of them a thousand times as large as it."""
    of = storage(count=4096)
    views = {f"w{at:05}": tensor(of, (4096, 4096 - at), (0, 1), at) for at in range(count)}
    return torch_file(P2 + mapping(**views) + STOP, **{"data/0": bytes(4 * 4096)})


def _zeros() -> bytes:
    """A compressed storage of 700 MB, of which the file says so."""
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = bytes(1 << 20)
    packed = b"".join(engine.compress(block) for _ in range(64)) + engine.flush()
    members = entries(P2 + mapping(w=tensor(storage(count=175_000_000), (175_000_000,))) + STOP)
    return archive(changed(members, "archive/data/0", method=8, packed=packed, size=700_000_000))


_OBJECT = name("a", "b") + b"q\x00"

CASES: list[Case] = [
    _bomb("tuples_200k_deep", P4 + b"N" + b"\x85" * 200_000 + STOP, "tuples within each other", "limit depth", partial=True),
    _bomb("lists_100k_deep", P4 + b"]" * 100_000 + b"a" * 99_999 + STOP, "lists within each other", "limit depth", partial=True),
    _bomb("dicts_50k_deep", P4 + (b"}" + text("k")) * 50_000 + b"N" + b"s" * 50_000 + STOP, "dicts within each other",
          "limit depth", partial=True),
    _bomb("objects_100k_deep", P4 + _OBJECT + b"0" + b"h\x00)\x81" * 100_000 + b"b" * 99_999 + STOP, "objects within each other",
          "limit depth", partial=True),
    _bomb("calls_50k_deep", P4 + _OBJECT * 50_000 + b")R" + b"\x85R" * 49_999 + STOP, "calls within each other", "limit depth",
          partial=True),
    _bomb("pairs_60_levels", P4 + b")" + b"2\x86" * 60 + STOP, "2^60 leaves by sharing"),
    _bomb("pairs_as_key", P4 + b"})" + b"2\x86" * 60 + b"Ns.", "a key of 2^60 leaves"),
    _bomb("dict_in_itself", P2 + b"}q\x00" + text("me") + b"h\x00s.", "a dict that holds itself"),
    _bomb("list_in_itself", P2 + b"]q\x00h\x00a.", "a list that holds itself"),
    _bomb("state_dict_in_itself", torch_file(P2 + call("collections", "OrderedDict") + b"q\x00(" + text("w") + tensor()
          + text("me") + b"h\x00u."), "a state dict that holds itself", ending=".pt"),
    _bomb("colliding_keys", lambda: P4 + b"}(" + b"".join(map(_collision, range(20_000))) + b"u.", "keys of one hash"),
    _bomb("colliding_numbers", lambda: P4 + b"}(" + b"".join(b"\x8a\x0a" + (at * (2**61 - 1)).to_bytes(10, "little") + b"N"
          for at in range(1, 30_000)) + b"u.", "numbers of one hash"),
    _bomb("calls_200k", lambda: P4 + _OBJECT + b"(" + b"h\x00)R" * 200_000 + b"l.", "a call 200,000 times"),
    _bomb("names_50k", lambda: P4 + b"(" + b"".join(name(f"m{at}", "n") for at in range(50_000)) + b"l.", "50,000 different names"),
    _bomb("names_beyond", lambda: P4 + b"(" + b"".join(name(f"m{at}", "n") for at in range(210_000)) + b"l.", "more names than are kept",
          "limit names", partial=True),
    _bomb("name_of_a_megabyte", lambda: torch_file(P2 + b"}" + text("k" * 1_000_000) + tensor() + b"s."), "a tensor's name of a megabyte",
          ending=".pt"),
    _bomb("long_key_above_many", lambda: P4 + mapping(**{"k" * 350: mapping(**{"l" * 350: b"](" + b"]" * 1_000_000 + b"e"})}) + STOP,
          "long paths to a million lists", "limit nodes", partial=True),
    _bomb("objects_beyond", lambda: P4 + b"](" + b"]" * 1_600_000 + b"e.", "more lists than are built", "limit objects", partial=True, slow=True),
    _bomb("marks", lambda: P4 + b"](" + b"(" * 1_600_000 + STOP, "more marks than are kept", "limit objects"),
    _bomb("instructions_beyond", lambda: P4 + b"]" + b"N0" * 10_100_000 + STOP, "more instructions than are run", "limit opcodes"),
    _bomb("memo_beyond", lambda: P4 + b"]" + b"\x94" * 6_100_000 + STOP, "more memo entries than are kept", "limit memo"),
    _bomb("behind_the_pickle", lambda: P2 + b"]." + P2 * 12 + b"N0" * 10_000_000, "pickles without an end behind the first"),
    _bomb("wide_state_shared", P4 + _OBJECT + b"0" + b"}(" + b"".join(text(str(at)) + b"N" for at in range(20_000)) + b"uq\x010("
          + b"h\x00)\x81h\x01b" * 20_000 + b"l.", "one state for many objects"),
    _bomb("slots_merged", P4 + _OBJECT + b"0N}(" + b"".join(text(str(at)) + b"N" for at in range(20_000)) + b"u\x86q\x010("
          + b"h\x00)\x81h\x01b" * 20_000 + b"l.", "one dict of slots merged into many states", "limit objects", partial=True),
    _bomb("failing_calls", P4 + name("torch._utils", "_rebuild_tensor") + b"q\x00N\x85q\x010(" + b"h\x00h\x01R" * 50_000 + b"l.",
          "50,000 tensors that cannot be made", partial=True),
    _bomb("tensors_beyond", torch_file(P2 + tensor() + b"q\x010(" + b"h\x01" * 40_100 + b"l."), "more tensors than are kept",
          "limit tensors", ".pt", True, slow=True),
    _bomb("views_amplified", lambda: _views(2_000), "terabytes of views of a few kilobytes", ending=".pt"),
    _bomb("expanded", torch_file(P2 + mapping(w=tensor(None, (2**40,), (0,))) + STOP), "a terabyte that stands for four bytes",
          ending=".pt"),
    _bomb("deflated_zeros", _zeros, "700 MB of zeros in a file of 70 KB", ending=".pt"),
    _bomb("int_of_64k", lambda: P2 + b"](" + (b"\x8b" + struct.pack("<i", 60_000) + b"\x7f" * 60_000) * 40 + b"e.", "numbers of 144,000 digits"),
    _bomb("rank_10000", torch_file(P2 + mapping(w=call("torch._utils", "_rebuild_tensor_v2", storage(), number(0),
          numbers(*[1] * 10_000), numbers(*[1] * 10_000), b"\x89", call("collections", "OrderedDict"))) + STOP),
          "ten thousand dimensions", "10,000 dimensions", ".pt", True),
]  # fmt: skip
"""Some would take a terabyte, none may take more than the others."""
