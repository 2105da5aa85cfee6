"""The state machine: admission, typed state, refusals, receipts and proofs. Pure: no clock, chance, file or network."""
