"""`python -m consulate`."""

from consulate.cli import main

if __name__ == "__main__":
    main()
