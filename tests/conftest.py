"""Makes `helpers` beside this file importable from every folder of tests; keeps linear algebra on one thread.

Tests run side by side, one for each processor. Threads of their small matrices would wait for each other: a test took
60 times as long. Set here, before NumPy is loaded, it holds for the programs that tests start, too.
"""

import os

for library in ("OPENBLAS", "OMP", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")
