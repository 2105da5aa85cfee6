"""Work on whole data folders: export, import, replay, backup, checkpoints, audit, and folders of other releases."""
