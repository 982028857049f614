"""Commands that have subcommands: one module each."""
