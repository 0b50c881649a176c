"""``python -m torso.cli``: the command line without the installed script."""

import sys

from torso.cli import main

if __name__ == "__main__":
    sys.exit(main())
