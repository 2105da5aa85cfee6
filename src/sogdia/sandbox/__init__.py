"""The sandbox: a network for trials, for who connects a shop, a wallet or a bank to the ledger.

    sogdia sandbox start ──┬── node (child process), its clock moved by hand
                           ├── the HTTP API, and /sandbox/v1 beside it: admit, fund, move time, force failures
                           └── the explorer

Its name marks it as a sandbox, and the name is hashed: no client takes it for a network whose money is worth anything.
"""

from sogdia.sandbox.stage import SandboxFolderError
from sogdia.sandbox.start import start

__all__ = ["SandboxFolderError", "start"]
