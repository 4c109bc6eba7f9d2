"""Where `hairpin-doctor` and `python -m hairpin_doctor` start: Ctrl-C while the rest is imported is no traceback either."""

import sys


def main() -> None:
    """Import the command line and run it; it leaves with its exit code."""
    try:
        from hairpin_doctor.cli.main import main as command_line
    except KeyboardInterrupt:
        sys.exit(130)
    command_line()


if __name__ == "__main__":
    main()
