"""`python -m pthreport`: the command where its script is not on the path."""

import sys

from pthreport.command.main import main

if __name__ == "__main__":
    sys.exit(main())
