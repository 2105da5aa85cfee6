"""The engines: they order the transactions, make them durable and sign the headers. The kernel decides."""
