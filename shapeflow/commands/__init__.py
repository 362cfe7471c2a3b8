"""The commands, one a file: ``configure(parser)`` and ``run(args)``; ``cli`` lists them."""
