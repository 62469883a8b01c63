"""`python -m lakewright.cli`: the console script without its file."""

from lakewright.cli.main import main

if __name__ == "__main__":
    main()
