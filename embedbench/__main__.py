"""The command line as `python -m embedbench`."""

from embedbench.cli.main import main

__all__: list[str] = []

if __name__ == "__main__":
    main()
