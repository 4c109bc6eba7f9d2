"""Importing scapy costs a scan no more than it must."""

from __future__ import annotations

import subprocess
import sys

IMPORT = """
from probes.linux.crafting import IP, UDP, Ether
from scapy.data import MANUFDB
import sys
print(len(MANUFDB.d), "scapy.libs.manuf" in sys.modules, (Ether() / IP(dst="192.0.2.1") / UDP(dport=53)).dport)
"""


def test_no_table_of_makers_is_read_and_packets_are_made() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "False", "53"], done.stderr
