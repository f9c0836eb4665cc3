"""Archives whose headers lie, or that hold more than they should."""

import bz2
import lzma
import zlib

from tests.hostile.archives import GOOD, VALUES, Entry, archive, changed, entries, torch_file
from tests.hostile.case import Case
from tests.hostile.headers import one, safetensors
from tests.hostile.legacy import GOOD as LEGACY
from tests.hostile.legacy import TAR, tarred
from tests.hostile.pickled import EVIL


def _odd(
    title: str,
    content: bytes,
    what: str,
    says: str,
    partial: bool | None = None,
    opens: bool | None = True,
    torch_takes: bool | None = None,
) -> Case:
    return Case(title, "malformed", content, what, (), says, partial, opens, torch_takes, ".pt")


def _evil(title: str, content: bytes, what: str, says: str = "", torch_takes: bool | None = False) -> Case:
    return Case(title, "malicious", content, what, ("os.system",), says, None, True, torch_takes, ".pt")


def _deflate(data: bytes) -> bytes:
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    return engine.compress(data) + engine.flush()


WHOLE = torch_file()
PICKLE, FIRST = "archive/data.pkl", "archive/data/0"
_ROTTEN = torch_file().replace(VALUES, VALUES[:-1] + b"\xff", 1)

CASES: list[Case] = [
    _odd("end_cut", WHOLE[:-22], "without its end record", "found by their own headers", True, True, False),
    _odd("directory_cut", WHOLE[: WHOLE.index(b"PK\x01\x02")], "without its directory", "found by their own headers", True, True,
         False),
    _odd("directory_half_cut", WHOLE[: WHOLE.index(b"PK\x01\x02") + 60], "cut inside its directory", "found by their own headers",
         True, True, False),
    _odd("storage_cut", WHOLE[: WHOLE.index(VALUES) + 6], "cut inside a storage", "found by their own headers", True, True, False),
    _odd("pickle_cut", WHOLE[:90], "cut inside its pickle", "breaks off", True, None, None),
    *(
        _evil(f"{where}_flag_{flag:x}", archive(changed(entries(EVIL), PICKLE, **fields)), f"{where} flags {flag:#x}",
              "marked as" if where == "both" else "")
        for flag in (0x1, 0x20, 0x40)
        for where, fields in (("local", {"local_flags": flag}), ("both", {"local_flags": flag, "flags": flag}))
    ),
    _odd("storage_changed", _ROTTEN, "a changed byte in a storage", "its bytes were changed"),
    _odd("pickle_changed", WHOLE.replace(b"X\x01\x00\x00\x00w", b"X\x01\x00\x00\x00v", 1), "a changed byte in the pickle",
         "its CRC-32 is", None, True, None),
    _evil("two_roots", archive([*entries(), Entry("other/data.pkl", EVIL)]), "a pickle in each of two folders",
          "another pickle in the archive"),
    _evil("stray_pickle", torch_file(**{"extra/x.bin": EVIL}), "a pickle that torch does not read", "another pickle in the archive",
          None),
    _evil("stray_text_pickle", torch_file(**{"extra/x": b"cos\nsystem\n(S'true'\ntR."}), "a pickle of protocol 0 that torch does not read",
          "another pickle in the archive", None),
    _evil("twice", archive([*entries(), Entry(PICKLE, EVIL)]), "two members of one name, the last one bad", "occurs more than once", None),
    _evil("first_of_two", archive([*entries(EVIL), Entry(PICKLE, GOOD)]), "two members of one name, the first one bad",
          "occurs more than once", None),
    _evil("in_another_case", archive([*entries(), Entry("archive/DATA.PKL", EVIL)]), "two names that differ in case only",
          "occurs more than once", None),
    _odd("names_outside", archive([*entries(), Entry("../../../../tmp/evil", b"x"), Entry("/etc/evil", b"x"),
         Entry("archive/..\\..\\x", b"x")]), "names that lead out of the folder", "leave the folder", False, True, False),
    _odd("symbolic_link", archive([*entries(), Entry("archive/link", b"/etc/passwd", mode=0o120777)]), "a symbolic link",
         "a symbolic link: not followed", False, True, None),
    _odd("before", b"\0" * 256 + WHOLE, "bytes before the archive", "256 bytes before the archive", False, True, False),
    _odd("behind", WHOLE + bytes(70_000), "70 KB behind the archive", "70,000 bytes after the archive", False, True, False),
    _odd("comment", archive(entries(), comment=b"hello"), "a comment at the end", "a comment of 5 bytes", False, True, None),
    _evil("two_archives", torch_file() + torch_file(EVIL), "a good archive before a bad one", "another archive"),
    _evil("pickle_before", EVIL + torch_file(), "a pickle before the archive, which torch's legacy reader takes", "after the pickle|before"),
    *(
        _evil(f"behind_{title}", content + archive(changed(entries(EVIL), PICKLE, method=8, packed=_deflate(EVIL))),
              f"{title} that is a torch archive by its end", "by its end the file is a zip archive too", None)
        for title, content in (("safetensors", safetensors(one())), ("legacy", LEGACY), ("pickle", GOOD), ("tar", tarred(**TAR)))
    ),
    _evil("behind_a_picture", b"\x89PNG\r\n\x1a\n" + torch_file(EVIL), "a picture that is a torch archive by its end",
          "bytes before the archive"),
    _odd("count_65535", archive(entries(), count=0xFFFF), "65,535 members counted", "counts 65,535 members", False, True, False),
    _odd("count_2", archive(entries(), count=2), "two of four members counted", "counts 2 members", False, True, False),
    _odd("directory_outside", archive(entries(), directory=0x7FFFFFFF), "a directory beyond the end", "directory", None, True, False),
    _odd("directory_off_by_one", archive(entries(), directory=len(WHOLE) - 22 - 100), "a directory at the wrong place", "directory",
         None, True, None),
    _odd("encrypted", archive([Entry("secret.txt", b"x" * 20, flags=1, local_flags=1)]), "a member with a password",
         "without a data.pkl", None, False),
    _odd("no_pickle", archive([Entry("archive/version", b"3\n")]), "no pickle", "without a data.pkl", None, False),
    _odd("no_members", archive([]), "nothing", "without a data.pkl", None, False),
    _odd("method_lzma", archive(changed(entries(), PICKLE, method=14, packed=lzma.compress(GOOD))), "a pickle by LZMA",
         "its compression", None, False),
    _odd("method_bzip2", archive(changed(entries(), FIRST, method=12, packed=bz2.compress(VALUES))), "a storage by bzip2",
         "its compression", True, True),
    _odd("method_unknown", archive(changed(entries(), FIRST, method=77)), "a method that does not exist", "its compression", True, True),
    _odd("deflate_broken", archive(changed(entries(), FIRST, method=8, packed=b"\xff" * 20)), "a deflated member that is none",
         "cannot be inflated", True, True),
    _odd("deflate_longer", archive(changed(entries(), FIRST, method=8, packed=_deflate(VALUES * 100))),
         "a member that inflates to more than it says", "inflates to more than", True, True),
    _odd("deflate_shorter", archive(changed(entries(), FIRST, method=8, packed=_deflate(VALUES[:8]))),
         "a member that inflates to less than it says", "inflates to 8 bytes", True, True),
    _odd("stored_two_sizes", archive(changed(entries(), FIRST, size=64)), "stored, with two sizes", "two different sizes|are declared",
         None, True),
    _odd("member_beyond_end", archive(changed(entries(), FIRST, size=1 << 20, packed=VALUES)), "a member of a megabyte in a small file",
         "two different sizes|beyond the end|are declared", None, True),
    _odd("local_name_differs", archive(changed(entries(), FIRST, local_name="archive/data/9")), "another name in the local header",
         "", None, True, None),
    _odd("no_version", archive([one for one in entries() if "version" not in one.name]), "no version", "no version record", False, True,
         False),
]  # fmt: skip
