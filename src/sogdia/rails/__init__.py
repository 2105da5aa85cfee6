"""How the ledger speaks with banks: messages of ISO 20022, statements, reconciliation with an institution's books."""
