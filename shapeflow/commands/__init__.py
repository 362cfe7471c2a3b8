"""The commands, one a file: ``HELP``, ``configure(parser)`` and ``run(args)``."""
