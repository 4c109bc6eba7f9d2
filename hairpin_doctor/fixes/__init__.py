"""Written fixes: what to do, where, with which commands, how to undo it. Nothing here changes a machine."""
