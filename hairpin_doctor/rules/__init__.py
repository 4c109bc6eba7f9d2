"""JUDGE: one root cause per file, each judged over the whole network. The list stands in `catalogue.py`."""
