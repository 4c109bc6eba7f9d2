"""CHANGE: the write seam. Whatever alters a machine does it here, as a `Change` that knows its undo."""
