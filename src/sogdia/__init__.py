"""Sogdia: a shared trade ledger. From the bottom: kernel, modules, engine and client, node, simulate, demo, cli."""
