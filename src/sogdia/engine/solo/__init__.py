"""The embedded engine: one process orders the envelopes, makes them durable and signs the headers."""
