"""A small internet with censors on one machine. `Lab` is all that users need."""

from .client import Lab
from .home import LabError, LabUsageError, NotAllowedError

__all__ = ["Lab", "LabError", "LabUsageError", "NotAllowedError"]
