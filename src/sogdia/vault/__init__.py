"""The vault: sealed blobs off the ledger, served to those whom the ledger entitles."""
