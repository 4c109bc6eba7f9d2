"""Fixes that outlive a reboot: the files for what manages the host's network, rendered from typed changes. Pure."""
