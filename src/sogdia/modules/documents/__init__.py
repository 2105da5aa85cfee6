"""The documents' public face: what modules above it may call."""

from __future__ import annotations

from sogdia.modules.documents.classes import DocumentClass, Part, Purpose
from sogdia.modules.documents.files import open_file
from sogdia.modules.documents.module import MODULE
from sogdia.modules.documents.records import Participant

__all__ = ["MODULE", "DocumentClass", "Part", "Participant", "Purpose", "open_file"]
