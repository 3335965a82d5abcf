"""`python -m filon` is the command line."""

from filon.cli import main

main(prog_name="filon")
