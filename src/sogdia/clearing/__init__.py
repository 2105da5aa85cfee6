"""Netting off the ledger: reads a coordinator's pools, finds the flows that clear most, and has the ledger check them.

The deciding code knows nothing of this room. What is sent has been checked by the ledger's own lines before
(`modules.netting.certificate`); the ledger checks it again and takes nobody's word for it.
"""
