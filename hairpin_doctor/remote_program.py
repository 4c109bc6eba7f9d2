"""What runs first on the other machine: it takes the archive from standard input into memory, and scans out of that.

No file is written there. The scan is a child in a session of its own, and is killed with all that it started as soon as
standard input ends (the connection or the near end is gone, by whatever), at a signal, or when it takes too long. A lost
connection is no end of input, hence a limit for every part of the archive too.
"""

from __future__ import annotations

from hairpin_doctor.archive import OLDEST

SAYS = "hairpin-doctor: "
MARK = f"{SAYS}ready\n".encode()
TOO_OLD, NO_SUDO, NO_ROOM = "too old ", "no sudo ", "no room "
NEWLINE = "@@"
# Arguments: bytes of the archive, seconds that it may take, "sudo" or "as it is", then those of the program itself.
_PROGRAM = f"""
import os, sys

def say(text):
    os.write(1, ("{SAYS}" + text + "\\n").encode())

def again(*command):
    words = open("/proc/self/cmdline", "rb").read().split(b"\\0")[1:-1]
    os.execvp(command[0], list(command) + words)

if sys.version_info < {OLDEST}:
    for minor in range(40, {OLDEST[1]} - 1, -1):
        try:
            again("python3.%d" % minor)
        except OSError:
            continue
    say("{TOO_OLD}" + sys.version.split()[0])
    sys.exit(2)
if sys.argv[3] == "sudo" and os.geteuid() != 0:
    try:
        again("sudo", "-n", "-u", "root", sys.executable)
    except OSError as error:
        say("{NO_SUDO}" + error.strerror)
        sys.exit(2)

import ctypes, select, signal, time

def receive(left, patience):
    file = os.memfd_create("hairpin-doctor")
    while left:
        signal.alarm(patience)
        part = os.read(0, min(left, 65536))
        if not part:
            sys.exit(2)
        while part:
            written = os.write(file, part)
            part, left = part[written:], left - written
    signal.alarm(0)
    return file

def scan(file):
    os.setsid()
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.argv = ["hairpin-doctor"] + sys.argv[4:]
    sys.path.insert(0, "/proc/self/fd/%d" % file)
    from hairpin_doctor.cli.main import main
    main()

def attend(ends, seconds):
    poll, deadline = select.poll(), time.monotonic() + seconds
    for each in (0, ends):
        poll.register(each, select.POLLIN)
    while True:
        ready = dict(poll.poll(max(0, deadline - time.monotonic()) * 1000))
        if not ready:
            sys.exit("Error: it took longer than %g s" % seconds)
        if ends in ready:
            return
        if not os.read(0, 65536):
            sys.exit(2)

for number in (signal.SIGHUP, signal.SIGTERM):
    signal.signal(number, lambda *_: sys.exit(2))
try:
    archive = receive(int(sys.argv[1]), min(60, max(1, int(float(sys.argv[2])))))
except (OSError, AttributeError) as error:
    say("{NO_ROOM}" + str(error))
    sys.exit(2)
say("ready")
ends, lives = os.pipe()
child = os.fork()
if child == 0:
    scan(archive)
os.close(lives)
try:
    attend(ends, float(sys.argv[2]))
finally:
    for kill in (os.kill, os.killpg):  # the group is there once the child is in its session
        try:
            kill(child, signal.SIGKILL)
        except OSError:
            pass
    status = os.waitpid(child, 0)[1]
sys.exit(os.waitstatus_to_exitcode(status))
"""
# In one line, since csh takes no line break between quotes; and no backslash is added, which fish would read in its own way.
PROGRAM = f'exec(r"""{_PROGRAM.replace(chr(10), NEWLINE)}""".replace("{NEWLINE}", chr(10)))'
