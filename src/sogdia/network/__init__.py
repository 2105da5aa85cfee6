"""Several organisations and one ledger: their genesis and folders, the two processes of a node, and a whole network."""
