"""python -m aniworld_server"""

import sys

from aniworld_server import main

sys.exit(main())
