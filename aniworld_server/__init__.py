"""The installed program. Nothing but this package lies beside other packages of the machine.

The program's own packages are called handlers, store and so on, names that others may have too.
They lie in `program`, below this package, and are found only by a process that runs the program.
"""

import sys
from pathlib import Path


def main() -> int:
    """Run the command `aniworld-server`; returns its exit code."""
    home = Path(__file__).resolve().parent
    program = home / "program"
    if not program.is_dir():  # pip install -e: the packages lie beside this one
        program = home.parent
    sys.path.insert(0, str(program))
    import aniworld

    return aniworld.main()
