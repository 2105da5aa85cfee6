"""Tests of the repository itself. Each checker gives complaints, and is shown a sample it must complain of."""
