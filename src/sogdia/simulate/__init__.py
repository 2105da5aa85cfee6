"""Simulations: real invoices and real exchange rates, replayed as signed orders on a clock of their own."""
