"""The Linux machine behind the seam: the only code of the doctor that opens sockets, files and programs to look."""

from __future__ import annotations

from probes.linux.host import LinuxHost

__all__ = ["LinuxHost"]
