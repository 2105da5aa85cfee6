"""The holder of keys: it signs and sends transactions, and checks proofs without trusting the node that made them."""
