"""Money in and out: an issuer's own tool between the rails that it has outside and its currency on the ledger."""
