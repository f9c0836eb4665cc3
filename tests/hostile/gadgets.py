"""Pickles that would run code: every way to name a function, to call it, and to hide that."""

import struct

from tests.hostile.archives import torch_file
from tests.hostile.case import Case
from tests.hostile.pickled import (
    COMMAND,
    EVIL,
    P2,
    P4,
    PAYLOAD,
    STOP,
    call,
    mapping,
    name,
    number,
    short,
    tensor,
    text,
)


def _bad(
    title: str,
    content: bytes,
    what: str,
    *names: str,
    says: str = "",
    ending: str = ".pkl",
    partial: bool | None = None,
) -> Case:
    return Case(
        title, "malicious", content, what, names or ("os.system",), says, partial, True, False, ending
    )


ARGUMENT = b"(" + text(COMMAND) + b"t"
FRAMED = short("a") + b"\x94"
DANGEROUS = (
    "torch.hub load", "torch load", "torch.storage _load_from_bytes", "torch.utils.collect_env run",
    "torch.distributed.rpc rpc_sync", "torch._inductor.codecache compile_file", "torch.jit load",
    "numpy.testing._private.utils runstring", "numpy.ctypeslib load_library", "numpy.f2py.crackfortran getlincoef",
    "runpy run_path", "pip._internal.cli.main main", "pkgutil resolve_name", "uuid _get_command_stdout",
    "pty spawn", "marshal loads", "types CodeType", "types FunctionType", "cProfile run", "timeit timeit",
    "logging.config listen", "multiprocessing.util spawnv_passfds", "smtplib SMTP", "sqlite3 connect",
    "asyncio.unix_events _UnixSubprocessTransport._start", "joblib load", "cloudpickle.cloudpickle _make_function",
    "dill._dill _create_function", "itertools starmap", "builtins map", "builtins eval", "__builtin__ exec",
    "builtins getattr", "webbrowser open", "http.client HTTPSConnection", "site addsitedir", "gc get_objects",
    "functools partial", "ctypes CDLL", "importlib import_module", "subprocess Popen", "shutil rmtree", "socket socket",
    "nt system", "bdb Bdb", "code interact", "ensurepip._main main", "picklescan scanner", "io open", "os popen",
)  # fmt: skip
"""Functions of Python and its packages that published malicious pickles call."""

UNHEARD = (
    "__main__ Net",
    "my.own.module Thing",
    "torch.nn.modules.mine Layer",
    "collections OrderedDict.fromkeys",
)
"""Names that nobody can vouch for."""

_OBJECT = name("a", "B") + b")\x81"
_SLOTS = b"N" + mapping(__len__=name("os", "system")) + b"\x86"

CASES: list[Case] = [
    _bad("reduce", P2 + PAYLOAD + STOP, "GLOBAL and REDUCE"),
    _bad("reduce_in_zip", torch_file(EVIL), "the same in a torch archive", ending=".pt"),
    _bad(
        "beside_weights",
        torch_file(P2 + mapping(w=tensor(), x=PAYLOAD) + STOP),
        "a call among good weights",
        ending=".pt",
    ),
    _bad("popped", torch_file(P2 + PAYLOAD + b"0" + mapping(w=tensor()) + STOP), "called, then popped", ending=".pt"),
    _bad("popped_by_mark", P2 + b"(" + PAYLOAD + b"1}" + STOP, "called, then popped with its mark"),
    _bad("inst", b"(" + text(COMMAND) + b"ios\nsystem\n.", "INST"),
    _bad("obj", b"(" + name("os", "system") + text(COMMAND) + b"o.", "OBJ"),
    _bad("newobj", P2 + name("os", "system") + ARGUMENT + b"\x81.", "NEWOBJ"),
    _bad("newobj_ex", P4 + name("os", "system") + ARGUMENT + b"}\x92.", "NEWOBJ_EX"),
    _bad("newobj_ex_named", P4 + name("subprocess", "Popen") + b")" + mapping(args=text(COMMAND)) + b"\x92.",
         "NEWOBJ_EX with arguments by name", "subprocess.Popen"),
    _bad("stack_global", P4 + short("os") + short("system") + b"\x93" + ARGUMENT + b"R.", "STACK_GLOBAL"),
    _bad("dotted", P4 + short("pathlib") + short("os.system") + b"\x93" + ARGUMENT + b"R.",
         "an attribute through a harmless module", "pathlib.os.system"),
    _bad("dotted_torch", P4 + short("torch.serialization") + short("os.system") + b"\x93" + ARGUMENT + b"R.",
         "an attribute through a module that is trusted", "torch.serialization.os.system"),
    *(
        _bad(f"extension_{title}", P2 + code + ARGUMENT + b"R.", "a class by a registered number",
             f"copyreg.extension code {value}")
        for title, code, value in (
            ("ext1", b"\x82\x05", 5), ("ext1_zero", b"\x82\x00", 0), ("ext2", b"\x83\x2c\x01", 300),
            ("ext4", b"\x84\x00\x00\x01\x00", 65536), ("ext4_negative", b"\x84\xff\xff\xff\xff", -1),
        )
    ),
    _bad("memo_swapped", P4 + short("system") + b"\x94" + short("os") + b"\x94" + b"h\x01h\x00\x93" + ARGUMENT + b"R.",
         "the names come out of the memo in another order"),
    _bad("memo_overwritten", P4 + short("math") + b"q\x000" + short("os") + b"q\x000" + short("system") + b"q\x010h\x00h\x01\x93"
         + ARGUMENT + b"R.", "a memo entry that is written twice"),
    _bad("memo_missing", P2 + PAYLOAD + b"h\x09.", "a call, then a memo entry that is not there",
         says="memo entry 9", partial=True),
    _bad("stack_global_of_numbers", P4 + PAYLOAD + b"K\x01K\x02\x93.", "a call, then a name made of numbers",
         says="a name made of int", partial=True),
    _bad("decoys", P4 + short("collections") + short("OrderedDict") + b"00" + short("os") + short("system") + b"\x93"
         + ARGUMENT + b"R.", "harmless names, popped, before the real ones"),
    _bad("newline_in_name", P4 + short("os\nx") + short("sys tem") + b"\x93.", "a line break and a space in a name",
         "os\nx.sys tem"),
    _bad("space_in_module", P2 + name("os system", "x") + STOP, "a space in a module's name", "os system.x"),
    _bad("escape_in_name", P4 + short("\x1b[2J\u202e") + short("x") + b"\x93)R.", "a terminal's escape in a name",
         "\x1b[2J\u202e.x"),
    _bad("second_stream", P2 + b"N." + b"\xff" + EVIL, "another pickle behind, after a byte of junk",
         says="another pickle follows", partial=True),
    _bad("second_stream_hidden", P2 + b"]." + b"\x80\x02\x80" * 3 + EVIL, "starts of pickles before the hidden one",
         says="another pickle follows", partial=True),
    _bad("behind_an_item_in_a_list", P4 + b"]K\x05aK\x00K\x06s0" + PAYLOAD + STOP, "a call behind what only CPython takes"),
    _bad("behind_a_byte_array", P4 + b"\x96\x02" + bytes(7) + b"ab(K\x01e0" + PAYLOAD + STOP, "another call behind the like"),
    _bad("behind_junk", P2 + b"}(K\x01u0K\x01K\x02s" + PAYLOAD + STOP, "a call behind instructions that fail", partial=True),
    _bad("broken_after", P2 + PAYLOAD + b"\xfe\xfe", "a call, then bytes that are no instruction",
         says="byte 0xfe is no pickle opcode", partial=True),
    _bad("cut_after", P2 + PAYLOAD, "a call, then the end of the file", says="without its STOP", partial=True),
    _bad("build_on_class", P2 + name("collections", "OrderedDict") + mapping(x=name("os", "system")) + b"b.",
         "a state set on a class itself", "collections.OrderedDict", "os.system"),
    _bad("build_on_function", P4 + name("numpy", "size") + _SLOTS + b"b.", "a state set on a function of a trusted package",
         "numpy.size"),
    _bad("class_assigned", P2 + _OBJECT + mapping(__class__=name("os", "system")) + b"b.", "a state that changes the class",
         "os.system", "a.B"),
    _bad("made_class", P2 + call("builtins", "type", text("X"), b")", mapping(__del__=name("os", "system"))) + b")R.",
         "a class made by calling type", "builtins.type"),
    _bad("getattr", P2 + call("builtins", "getattr", call("builtins", "__import__", text("os")), text("system")) + ARGUMENT
         + b"R.", "a function got by getattr", "builtins.getattr", "builtins.__import__"),
    _bad("methodcaller", P2 + call("operator", "methodcaller", text("system"), text(COMMAND))
         + b"(" + call("pydoc", "locate", text("os")) + b"tR.", "a method called by its name", "operator.methodcaller",
         "pydoc.locate"),
    _bad("inner_attribute", P4 + short("numpy") + short("__builtins__") + b"\x93.", "the interpreter through a module",
         "numpy.__builtins__"),
    _bad("default_factory", P2 + call("collections", "defaultdict", name("os", "getcwd")) + STOP,
         "a function that runs when a key is missing", "os.getcwd"),
    _bad("persistent_id", torch_file(P2 + PAYLOAD + b"Q."), "a call as a persistent id", ending=".pt", partial=True),
    _bad("storage_type", torch_file(P2 + tensor(b"(" + text("storage") + name("os", "system") + text("0") + text("cpu")
         + number(4) + b"tQ") + STOP), "a function as the type of a storage", ending=".pt", partial=True),
    _bad("frame_crossed", P4 + b"\x95" + struct.pack("<Q", 4) + b"B" + struct.pack("<I", len(PAYLOAD) + 1) + PAYLOAD + STOP
         + STOP, "an instruction over the end of its frame: others go on inside it", says="crosses the end of its frame",
         partial=True),
    _bad("in_bytes", P4 + mapping(blob=b"B" + struct.pack("<I", len(EVIL)) + EVIL) + STOP, "a pickle in a byte string",
         says="a pickle of its own"),
    _bad("pickle_loads", P4 + call("pickle", "loads", b"B" + struct.pack("<I", len(EVIL)) + EVIL) + STOP,
         "a pickle that loads another", "pickle.loads", "os.system"),
    _bad("load_from_bytes", P4 + call("torch.storage", "_load_from_bytes",
         b"B" + struct.pack("<I", len(torch_file(EVIL))) + torch_file(EVIL)) + STOP, "a torch file that loads another"),
    _bad("load_from_bad_bytes", P4 + call("torch.storage", "_load_from_bytes", b"C\x03abc") + STOP,
         "a torch file that loads what is none", "torch.storage._load_from_bytes", partial=True),
    *(
        _bad(f"calls_{one.replace(' ', '.')}", P2 + call(one.split()[0], one.split()[1], text(COMMAND)) + STOP, "a function that runs code",
             one.replace(" ", "."))
        for one in (*DANGEROUS, *UNHEARD)
    ),
]  # fmt: skip
"""Every one must be listed by name, whatever becomes of the rest."""
