"""A ledger in a data folder: blocks executed over the state, sealed, made durable, looked up and proved."""
