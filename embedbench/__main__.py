"""The command line as `python -m embedbench`."""

from embedbench.cli.commands import main

__all__: list[str] = []

if __name__ == "__main__":
    main()
