"""Credentials: what stands behind an attestation on the ledger, kept and shown off the ledger.

commitments     the root that stands on the ledger, and showing one field of what is under it
attested        the file that registrar and subject keep: the fields and the secret
identifiers     check digits of numbers that the trade knows
canonical       JSON read strictly and written in its one canonical form (RFC 8785)
did_key         public keys as text: base58btc, Multikey, did:key
data_integrity  proofs of the cryptosuite eddsa-jcs-2022
verifiable      W3C Verifiable Credentials 2.0 about attestations
cms, esign      national qualified electronic signatures over an account
"""
