"""The other side, to try a gateway without a bank: rails that pay, say no, late, twice, out of order, and take back."""
