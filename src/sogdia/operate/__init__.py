"""Watching and running: settings, logs, figures, health, the service manager, and notices to people."""
