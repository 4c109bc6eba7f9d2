"""`python -m hairpin_doctor` is `hairpin-doctor`."""

from hairpin_doctor.cli.main import main

if __name__ == "__main__":
    main()
