"""The commands of `consulate`: one file each, which `consulate.cli.app` finds."""
