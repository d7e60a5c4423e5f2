"""Why a reply ended, in the words of OpenAI's shape."""

from rhapsode.core.chat import Finish


def finish_reason(finish: Finish, *, called: bool) -> str:
    """The word. A limit that cut is told even where calls were made: the last of them may be cut too."""
    if finish is not Finish.STOP:
        return "length"
    return "tool_calls" if called else "stop"
