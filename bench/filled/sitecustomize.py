"""Loaded by Python at the start of a node of the bench: its genesis comes to as many records as is asked for."""

from bench.filling import begin_filled

begin_filled()
