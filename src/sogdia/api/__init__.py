"""The HTTP API: a process of its own beside the node, which can be stopped or overrun without touching the engine."""
