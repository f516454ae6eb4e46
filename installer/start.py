"""Start of the frozen program."""

from medae.__main__ import main

main()
