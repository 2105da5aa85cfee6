"""Where a ledger stands on disk: one LMDB file, its lock, and the layouts of what is in it."""
