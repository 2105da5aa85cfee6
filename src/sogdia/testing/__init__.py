"""Tools for those who test modules: a small real ledger, clocks that stand still, and random transactions."""
