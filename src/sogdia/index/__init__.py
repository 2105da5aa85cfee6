"""The index: what happened on the ledger as tables of SQL, to be searched and counted. Rebuilt from the blocks."""
