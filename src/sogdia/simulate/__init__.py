"""Simulations: real invoices replayed as signed orders through the whole life cycle, on a clock of their own."""
