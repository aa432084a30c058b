"""``python -m viatique.cli``: the command, where its script is not on the PATH."""

from viatique.cli.app import main

if __name__ == "__main__":
    main()
