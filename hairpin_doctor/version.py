"""The version, a literal: reading package metadata at start costs 80 ms (shared measurement, docs/design/)."""

__version__ = "0.1.0"
