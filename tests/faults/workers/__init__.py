"""Small programs that the fault harnesses prove themselves on before the real node is put under them."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

# The store of numbered batches, and what its program needs to find the marks of the product.
BATCHES = (sys.executable, str(Path(__file__).parent / "batches.py"))
ADDITIONS = {"PYTHONPATH": str(ROOT / "src")}
