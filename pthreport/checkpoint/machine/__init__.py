"""Our own inert pickle machine: opcodes of protocols 0 to 5 to plain values, nothing imported or called.

Sources: CPython's `pickletools` (what each opcode means) and `Modules/_pickle.c` (what its unpickler
really accepts).
"""

from pthreport.checkpoint.machine.context import Build, Context, Impossible, NotUnderstood, Rebuild
from pthreport.checkpoint.machine.run import Outcome, run

__all__ = ["Build", "Context", "Impossible", "NotUnderstood", "Outcome", "Rebuild", "run"]
