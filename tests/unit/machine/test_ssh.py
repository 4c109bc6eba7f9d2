"""ssh as a command: where to, with which options, and what its own words mean. The words are OpenSSH 9.2's."""

from __future__ import annotations

import pytest

from hairpin_doctor.machine.ssh import Destination, parse_destination
from hairpin_doctor.machine.ssh_words import meaning

VM = Destination("vm", "root", 2222)


@pytest.mark.parametrize(
    ("text", "destination"),
    [
        ("ssh://vm", Destination("vm")),
        ("ssh://vm/", Destination("vm")),
        ("ssh://root@192.168.8.10:2222", Destination("192.168.8.10", "root", 2222)),
        ("ssh://me@[fe80::1%eth0]:22", Destination("fe80::1%eth0", "me", 22)),
        ("ssh://a.b-c@home-assistant.local", Destination("home-assistant.local", "a.b-c")),
    ],
)
def test_a_destination_is_read_and_written_alike(text: str, destination: Destination) -> None:
    assert parse_destination(text) == destination
    assert parse_destination(str(destination)) == destination


@pytest.mark.parametrize(
    "text",
    [
        "root@vm", "vm", "ssh://", "ssh://-oProxyCommand=x", "ssh://-l@vm", "ssh://root@-vm", "ssh://vm:0", "ssh://vm:65536",
        "ssh://vm/path", "ssh://vm;reboot", "ssh://vm\nHost", "http://vm", "ssh://[::1", "ssh://vm vm", "",
    ],
)  # fmt: skip
def test_what_is_no_destination_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="a machine to scan from is written") as error:
        parse_destination(text)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["ssh://root:secret@vm", "root:secret@vm", "ssh://root:secret@"])
def test_a_password_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="without a password") as error:
        parse_destination(text)
    assert "secret" not in str(error.value)


def test_the_command_asks_nothing_forwards_nothing_and_leaves_no_connection() -> None:
    command = VM.command(["python3", "-c", "a 'quoted' word"])
    assert command[:4] == ("ssh", "-T", "-x", "-a")
    options = {command[index + 1] for index, word in enumerate(command) if word == "-o"}
    assert {"BatchMode=yes", "ControlMaster=no", "ClearAllForwardings=yes", "ConnectTimeout=10"} <= options
    assert not any(each.startswith(("StrictHostKeyChecking", "UserKnownHostsFile")) for each in options)
    assert command[-5:] == ("-p", "2222", "root@vm", "--", """python3 -c 'a '"'"'quoted'"'"' word'""")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["No ED25519 host key is known for vm and you have requested strict checking.", "Host key verification failed."],
            "its host key is not known here; log in once by `ssh -p 2222 root@vm`",
        ),
        (
            ["@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @", "Host key verification failed."],
            "its host key has changed since you last logged in",
        ),
        (["root@vm: Permission denied (publickey,password)."], "it takes none of the keys that are here"),
        (["Received disconnect from 192.0.2.1 port 22:2: Too many authentication failures"], "it was offered too many keys"),
        (["ssh: Could not resolve hostname vm: Name or service not known"], "its name is not known here"),
        (["ssh: connect to host vm port 2222: Connection refused"], "no ssh server listens there"),
        (["ssh: connect to host vm port 2222: Connection timed out"], "it did not answer within 10 s"),
        (["ssh: connect to host vm port 2222: No route to host"], "no way leads there from here"),
        (["ssh: connect to host vm port 2222: Network is unreachable"], "no way leads there from here"),
        (["Connection timed out during banner exchange"], "something listens there, but no ssh server answered"),
        (["kex_exchange_identification: Connection closed by remote host"], "before anybody was logged in"),
        (["Unable to negotiate with 192.0.2.1 port 22: no matching cipher found."], "no cipher or key type in common"),
        (["/root/.ssh/config: line 1: Bad configuration option: nonsense"], "ssh refuses its own configuration"),
        (["Timeout, server vm not responding."], "the connection was lost"),
        (["something new"], "ssh failed: ssh: something new"),
        ([], "the connection was lost"),
    ],
)  # fmt: skip
def test_each_way_in_which_ssh_fails_has_its_own_words(words: list[str], said: str) -> None:
    found = meaning(words, VM)
    assert said in found
    assert not words or any(line.strip("@ ") in found for line in words)


def test_who_called_sudo_is_told_where_the_agent_went() -> None:
    denied = ["root@vm: Permission denied (publickey)."]
    assert "--preserve-env=SSH_AUTH_SOCK" in meaning(denied, VM, agent_lost=True)
    assert "SSH_AUTH_SOCK" not in meaning(denied, VM)
