"""Carrying out typed changes: each kind is looked at first, so that its undo comes from the state found."""
