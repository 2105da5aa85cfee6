"""How the ledger speaks with banks: messages of ISO 20022, statements, and reconciliation with an institution's books."""
