"""What is installed: the hooks that plugins answer, entry points -> plugins, names -> specs."""
