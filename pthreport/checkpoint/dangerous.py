"""Names with which files run code, and what they would do.

Only labels: `pthreport.checkpoint.known` decides what is trusted. Gathered from published malicious
pickles and from the block lists of picklescan and fickling.
"""

_RUNS = "Runs commands of the operating system."
_CODE = "Runs code from the file."
_REACH = "Fetches any function or attribute by name, and so reaches code to run."
_LOADS = "Loads another pickle without restrictions, which may run any code."
_NET = "Opens network connections."
_FILES = "Reads, writes or deletes files."
_NATIVE = "Loads or runs native code."
_IMPORTS = "Imports modules or installs packages, and runs their code."
_CALLS = "Calls functions that the file names."
_INNER = "Reaches into the running interpreter."

PACKAGES: dict[str, str] = {
    **dict.fromkeys(
        ("os", "posix", "nt", "subprocess", "pty", "commands", "popen2", "_posixsubprocess"), _RUNS
    ),
    **dict.fromkeys(
        ("asyncio", "multiprocessing", "concurrent", "threading", "_thread", "signal", "sched"), _RUNS
    ),
    **dict.fromkeys(
        (
            "code",
            "codeop",
            "runpy",
            "timeit",
            "cProfile",
            "profile",
            "pdb",
            "bdb",
            "trace",
            "doctest",
            "unittest",
        ),
        _CODE,
    ),
    **dict.fromkeys(
        ("operator", "_operator", "functools", "_functools", "pydoc", "pkgutil", "inspect", "itertools"),
        _REACH,
    ),
    **dict.fromkeys(
        (
            "pickle",
            "_pickle",
            "cPickle",
            "marshal",
            "shelve",
            "joblib",
            "dill",
            "cloudpickle",
            "pandas.io.pickle",
        ),
        _LOADS,
    ),
    **dict.fromkeys(
        (
            "socket",
            "_socket",
            "ssl",
            "http",
            "httplib",
            "urllib",
            "urllib2",
            "requests",
            "aiohttp",
            "httpx",
            "ftplib",
            "smtplib",
            "poplib",
            "imaplib",
            "nntplib",
            "telnetlib",
            "socketserver",
            "xmlrpc",
            "webbrowser",
            "antigravity",
        ),
        _NET,
    ),
    **dict.fromkeys(
        (
            "shutil",
            "io",
            "_io",
            "tempfile",
            "glob",
            "fileinput",
            "zipfile",
            "tarfile",
            "sqlite3",
            "dbm",
            "linecache",
            "distutils",
        ),
        _FILES,
    ),
    **dict.fromkeys(
        (
            "ctypes",
            "_ctypes",
            "cffi",
            "mmap",
            "numpy.ctypeslib",
            "numpy.distutils",
            "numpy.f2py",
            "torch.utils.cpp_extension",
            "torch._inductor",
            "torch._dynamo",
            "torch._functorch",
            "torch.distributed.rpc",
            "torch.utils.collect_env",
            "torch.hub",
            "torch.package",
            "torch.jit",
            "torch.testing",
            "torch.fx",
            "torch.utils.model_zoo",
            "torch.utils.data",
        ),
        _NATIVE,
    ),
    **dict.fromkeys(
        (
            "importlib",
            "imp",
            "zipimport",
            "site",
            "pip",
            "setuptools",
            "ensurepip",
            "venv",
            "pkg_resources",
            "ast",
        ),
        _IMPORTS,
    ),
    **dict.fromkeys(
        (
            "sys",
            "gc",
            "builtin",
            "_frozen_importlib",
            "_frozen_importlib_external",
            "faulthandler",
            "ptrace",
            "weakref",
            "_weakref",
            "symtable",
        ),
        _INNER,
    ),
    **dict.fromkeys(
        (
            "logging.config",
            "logging.handlers",
            "lib2to3",
            "idlelib",
            "turtledemo",
            "ptpython",
            "IPython",
            "jupyter",
            "bokeh",
            "picklescan",
            "numpy.testing",
            "numpy.core._internal",
            "jinja2",
            "mako",
        ),
        _CODE,
    ),
}
"""Modules of which no name belongs into a checkpoint; whatever lies below counts too."""

_BUILTINS = {
    _CODE: "eval exec compile execfile",
    _REACH: "getattr setattr delattr vars globals locals dir hasattr property classmethod staticmethod super",
    _IMPORTS: "__import__ reload __build_class__",
    _FILES: "open file",
    _CALLS: "map filter apply reduce reversed iter next sorted min max all any sum zip enumerate callable",
    _INNER: "type memoryview breakpoint input help exit quit copyright credits license id raw_input intern buffer",
}

NAMES: dict[tuple[str, str], str] = {
    **{
        (module, name): why
        for module in ("builtins", "__builtin__", "__builtins__")
        for why, names in _BUILTINS.items()
        for name in names.split()
    },
    ("torch", "load"): _LOADS,
    ("torch.serialization", "load"): _LOADS,
    ("torch.serialization", "_load"): _LOADS,
    (
        "torch.storage",
        "_load_from_bytes",
    ): "Loads a second torch file from inside this one, without restrictions.",
    ("numpy", "load"): _LOADS,
    ("numpy", "size"): "Reaches, with a state set on it, whatever numpy's functions refer to.",
    ("types", "CodeType"): _CODE,
    ("types", "FunctionType"): _CODE,
    ("types", "LambdaType"): _CODE,
    ("types", "MethodType"): _CALLS,
    ("types", "ModuleType"): _INNER,
    ("uuid", "_get_command_stdout"): _RUNS,
    ("uuid", "_popen"): _RUNS,
    ("platform", "popen"): _RUNS,
    ("platform", "_syscmd_ver"): _RUNS,
    ("collections", "namedtuple"): _CODE,
    ("copyreg", "add_extension"): _INNER,
    ("copyreg", "constructor"): _INNER,
    ("copyreg", "pickle"): _INNER,
    ("test.support.script_helper", "assert_python_ok"): _RUNS,
    ("test.support.script_helper", "run_python_until_end"): _RUNS,
}
"""Single names, by exact module and name."""
