"""Models by name, one installed library a module; see ``library.Library`` for what such a module has."""
