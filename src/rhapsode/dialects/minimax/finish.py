"""Why a reply ended, in the words of the platform's first two chat endpoints."""

from typing import Final

from rhapsode.core.chat import Finish

FINISH: Final = {Finish.STOP: "stop", Finish.LENGTH: "length", Finish.CONTEXT: "max_output"}

BROKEN: Final = "error"
"""why a stream ended that broke: a word of ours, the platform has none"""
