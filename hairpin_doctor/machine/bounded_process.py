"""A program that is fed from memory and read within bounds: it can neither hold us up nor fill our memory."""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from hairpin_doctor.machine.invoker import Invoker

LARGEST_OUTPUT = 64 * 1024 * 1024
KEPT_WORDS, KEPT_NOISE = 16 * 1024, 4096
CHUNK = 65536
LAST_WORDS_S = 2.0  # for what is still on its way on standard error once standard output has ended


class CannotRun(RuntimeError):
    """The program is not there, took too long, or wrote too much; the message is one sentence."""


@dataclass(frozen=True)
class Ended:
    """How it ended. `begun`: its mark was seen; `noise`: the last of what it wrote before that; `output`: all after it.

    `words`: the last of its standard error.
    """

    code: int
    begun: bool
    noise: str
    output: bytes
    words: str


@dataclass
class Conversation:
    """Feeds `content` to the program and reads what it writes; its standard input stays open until it ends.

    Until it writes the line `mark`, some of the content must be taken every `stall_s`; then it has `answer_s` in all.
    """

    content: bytes
    mark: bytes
    stall_s: float
    answer_s: float
    _fed: int = 0
    _begun: bool = False
    _over: bool = False
    _deadline: float = 0.0
    _noise: bytearray = field(default_factory=bytearray)
    _output: bytearray = field(default_factory=bytearray)
    _words: bytearray = field(default_factory=bytearray)

    def hold(
        self, argv: Sequence[str], environment: Mapping[str, str] | None = None, user: Invoker | None = None
    ) -> Ended:
        """Start it, as `user` if there is one, and see it to its end. Raises CannotRun.

        Whatever happens, Ctrl-C too, it is gone afterwards.
        """
        process = _started(argv, environment, user)
        try:
            self._converse(process)
            return self._ended(process)
        finally:
            process.kill()
            process.wait()
            for each in (process.stdin, process.stdout, process.stderr):
                _close(each)

    def _converse(self, process: subprocess.Popen[bytes]) -> None:
        self._allow(self.stall_s)
        with selectors.DefaultSelector() as selector:
            for pipe in (process.stdin, process.stdout, process.stderr):
                assert pipe is not None  # made as a pipe
                os.set_blocking(pipe.fileno(), False)
                selector.register(
                    pipe, selectors.EVENT_WRITE if pipe is process.stdin else selectors.EVENT_READ
                )
            while {process.stdout, process.stderr} & {each.fileobj for each in selector.get_map().values()}:
                left = self._deadline - time.monotonic()
                if left <= 0 and self._over:
                    return
                if left <= 0:
                    raise CannotRun(self._too_late())
                for key, _ in selector.select(left):
                    if self._move(process, key.fileobj):
                        selector.unregister(key.fileobj)

    def _move(self, process: subprocess.Popen[bytes], pipe: Any) -> bool:
        """Write or read a part; whether that was the last one."""
        number: int = pipe.fileno()
        if pipe is process.stdin:
            return self._feed(number)
        part = os.read(number, CHUNK)
        if pipe is process.stderr:
            self._words += part
            del self._words[:-KEPT_WORDS]
        elif part:
            self._take(part)
        else:
            self._over = True
            self._allow(LAST_WORDS_S)
        return not part

    def _feed(self, pipe: int) -> bool:
        try:
            self._fed += os.write(pipe, self.content[self._fed : self._fed + CHUNK])
        except BrokenPipeError:
            return True  # it ended before it had read all; its exit code and words say why
        if not self._begun and not self._over:
            self._allow(self.stall_s)
        return self._fed == len(self.content)

    def _take(self, part: bytes) -> None:
        if self._begun:
            self._output += part
        else:
            before, found, after = (self._noise + part).partition(self.mark)
            self._noise = before[-KEPT_NOISE:]
            if found:
                self._begun = True
                self._output += after
                self._allow(self.answer_s)
        if len(self._output) > LARGEST_OUTPUT:
            raise CannotRun(f"it sent more than {LARGEST_OUTPUT // 1024**2} MiB, which no report is")

    def _allow(self, seconds: float) -> None:
        self._deadline = time.monotonic() + seconds

    def _too_late(self) -> str:
        if self._begun:
            return f"it took longer than {self.answer_s:g} s"
        return f"nothing moved for {self.stall_s:g} s: it neither takes the program nor says why"

    def _ended(self, process: subprocess.Popen[bytes]) -> Ended:
        _close(process.stdin)
        with contextlib.suppress(
            subprocess.TimeoutExpired
        ):  # it closed its output and lives on: killed by the caller
            process.wait(LAST_WORDS_S)
        code = process.returncode if process.returncode is not None else -9
        noise, words = (bytes(each).decode("utf-8", "replace") for each in (self._noise, self._words))
        return Ended(code, self._begun, noise, bytes(self._output), words)


def _started(
    argv: Sequence[str], environment: Mapping[str, str] | None, user: Invoker | None
) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(
            argv,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            env=environment,
            bufsize=0,
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=user.groups if user else None,
        )
    except FileNotFoundError:
        raise CannotRun(f"there is no {argv[0]} on this machine") from None
    except OSError as error:
        raise CannotRun(f"{argv[0]} cannot be started: {(error.strerror or str(error)).lower()}") from None


def _close(pipe: IO[bytes] | None) -> None:
    if pipe is not None:
        with contextlib.suppress(OSError):
            pipe.close()
