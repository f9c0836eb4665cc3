"""Texts that tell of people and machines: home folders, absolute paths, users, hosts, e-mail addresses."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from pthreport.redaction.words import LONGEST_NAME, is_stand_in, words

Kind = Literal["home folder", "absolute path", "user name", "host name", "e-mail address"]


@dataclass(frozen=True, slots=True)
class Mention:
    """A private text: from where to where, of which kind, and the user or host that it names, if any."""

    start: int
    stop: int
    kind: Kind
    name: str = ""


_PART = r"[\w.@+=~%#-]+"
_HOME = re.compile(
    r"(?<![\w/~])(?:file://)?(?:/(?:home|Users|var/home|export/home|afs/[\w.]+/user)/(?P<user>[\w.@+-]+)|"
    rf"/root(?![\w.-]))(?:/{_PART})*/?"
)
_WINDOWS_HOME = re.compile(
    rf"[A-Za-z]:[\\/]+Users[\\/]+(?:(?P<user>[^\\/:*?\"<>|\r\n]{{1,60}})(?:[\\/]+{_PART})+|(?P<alone>[\w.-]+))"
)
_ROOTS = (
    r"mnt|data\d*|scratch\w*|work|workspace|media|nfs\w*|gpfs\w*|lustre\w*|projects?|proj|shared?|ssd\d*|nvme\d*|raid\d*|"
    r"storage|private|Volumes|export|checkpoints?|datasets?|net|cluster\w*|fsx|efs|ceph\w*|beegfs|nas\w*|srv|ml|research"
)
_ABSOLUTE = re.compile(rf"(?<![\w/.~:-])(?:file://)?/(?:{_ROOTS})(?:/{_PART})+/?")
_WHOLE = re.compile(rf"/{_PART}(?:/{_PART})+/?")
_DRIVE = re.compile(rf"(?<![\w])(?:[A-Za-z]:\\+|\\\\[\w.-]+\\+){_PART}(?:\\+{_PART})*")
_SYSTEM = re.compile(r"/(?:dev|etc|usr|bin|sbin|lib\d*|proc|sys|tmp|opt|content|kaggle|app|var/tmp)(?:/|$)")
_MAIL = re.compile(
    r"(?<![\w.+-])(?P<user>[A-Za-z0-9][\w.+-]{0,60}+)@(?P<host>[A-Za-z0-9-][\w.-]{0,254}+)(?![:/]/?\w)"
)
_MAIL_HOST = re.compile(r"(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,12}")
_LOGIN = re.compile(r"(?<![\w.+/-])(?P<user>[a-z_][\w-]{0,30})@(?P<host>[A-Za-z][\w.-]{1,80})(?=:)")
_ADDRESS = re.compile(
    r"(?<!\bs3)(?<!\bgs)(?<!\baz)(?<!\bhf)(?<!file)(?<!dbfs)://(?:[^\s/@]{1,80}@)?(?P<host>(?:\d{1,3}\.){3}\d{1,3}|[A-Za-z][\w-]*(?=[:/]|$)|"
    r"[\w.-]+\.(?:local|internal|intranet|lan|corp|intra|cluster|priv|home)(?![\w.-]))"
)

_USER_NAMES = frozenset({"user", "username", "login", "logname"})
_HOST_NAMES = frozenset({"host", "hostname", "nodename", "nodelist", "machine"})
_OF_HOSTS = frozenset(
    {
        ("node", "name"),
        ("host", "name"),
        ("machine", "name"),
        ("master", "addr"),
        ("server", "ip"),
        ("ip", "address"),
    }
)
_IDENTIFIER = re.compile(r"[A-Za-z][\w.@-]{1,60}")
_HOST = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}|[A-Za-z][\w-]*(?:\.[\w-]+)*|\[?[0-9a-fA-F:]{6,}\]?")

EVERYBODY = frozenset(
    "root user users ubuntu admin administrator ec2-user jovyan runner app docker vscode coder nobody home shared public "
    "default lib model models data local student test guest node www azureuser opc host localhost none conda git".split()
)
"""Names of users and hosts that are nobody's in particular."""

_PUBLIC = frozenset({"github.com", "gitlab.com", "bitbucket.org", "huggingface.co"})
"""Hosts that everybody logs in to."""

_LOCAL = re.compile(r"localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|::1")


def mentions(text: str, named: Kind | None = None) -> Iterator[Mention]:
    """The private texts in `text`, none within another one; `named` is what its name says that it is as a whole
    (`kind_of_private_name`)."""
    found = sorted(_all(text, named), key=lambda one: (one.start, -one.stop))
    end = 0
    for one in found:
        if one.start >= end:
            yield one
            end = one.stop


def _all(text: str, named: Kind | None) -> Iterator[Mention]:
    whole_one = named and _as_named(text, named)
    if whole_one:
        yield whole_one
    if "/" in text or "\\" in text:
        for match in _HOME.finditer(text):
            yield Mention(match.start(), match.end(), "home folder", match["user"] or "")
        for match in _WINDOWS_HOME.finditer(text):
            yield Mention(match.start(), match.end(), "home folder", match["user"] or match["alone"])
        for pattern in (_ABSOLUTE, _DRIVE):
            for match in pattern.finditer(text):
                yield Mention(match.start(), match.end(), "absolute path")
        whole = _WHOLE.fullmatch(text)
        if whole is not None and _SYSTEM.match(text) is None:
            yield Mention(0, len(text), "absolute path")
        for match in _ADDRESS.finditer(text):
            if _LOCAL.fullmatch(match["host"]) is None:
                yield Mention(match.start("host"), match.end("host"), "host name", match["host"])
    if "@" in text:
        for match in _MAIL.finditer(text):
            host = _MAIL_HOST.match(match["host"])
            if host is not None:
                yield Mention(match.start(), match.start("host") + host.end(), "e-mail address")
        for match in _LOGIN.finditer(text):
            if match["host"] in _PUBLIC:
                continue
            yield Mention(match.start("user"), match.end("user"), "user name", match["user"])
            yield Mention(match.start("host"), match.end("host"), "host name", match["host"])


def kind_of_private_name(name: str) -> Kind | None:
    """ "user name" or "host name" where that is what a value called `name` would be."""
    return _kind_of_name(name[-LONGEST_NAME:])


@lru_cache(maxsize=4096)
def _kind_of_name(name: str) -> Kind | None:
    parts = words(name)
    if not parts:
        return None
    if parts[-1] in _USER_NAMES or parts[-2:] == ("user", "name"):
        return "user name"
    return "host name" if parts[-1] in _HOST_NAMES or set(pairwise(parts)) & _OF_HOSTS else None


def _as_named(text: str, kind: Kind) -> Mention | None:
    if len(text) > LONGEST_NAME or is_stand_in(text):
        return None
    if kind == "user name":
        named = _IDENTIFIER.fullmatch(text) and text.casefold() not in EVERYBODY
    else:
        named = _HOST.fullmatch(text) and not _LOCAL.fullmatch(text)
    return Mention(0, len(text), kind, text) if named else None
