"""`python -m microestim`: the command line without its entry point."""

import sys

from microestim.cli import main

if __name__ == "__main__":
    sys.exit(main())
