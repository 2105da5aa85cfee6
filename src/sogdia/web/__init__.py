"""Pages for people: what stands on the ledger, rendered on the server and readable without a script."""
