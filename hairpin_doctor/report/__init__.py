"""TELL: the versioned report, its JSON, its file, and what people see in a terminal."""
