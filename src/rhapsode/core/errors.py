"""Everything that can go wrong, as one tree.

    RhapsodeError
    ├── RequestError            the caller can mend it
    │   ├── InvalidField        a field breaks a rule
    │   │   ├── UnknownModel
    │   │   ├── UnknownVoice
    │   │   ├── DuplicateVoice
    │   │   ├── UnknownAccount  no group, user or key is called so
    │   │   ├── DuplicateAccount
    │   │   ├── SampleLength    a recording is too short or too long
    │   │   │   └── PromptLength
    │   │   ├── InvisibleText
    │   │   ├── PromptTooLong
    │   │   └── NotSupported    the platform has it, this server does not (yet)
    │   ├── MalformedBody
    │   ├── BodyTooLarge
    │   ├── UnknownPath         nothing is served at the address
    │   └── WrongMethod         something is, for another HTTP method
    ├── AccessError             who calls is not clear, or may not
    │   ├── MissingKey
    │   ├── UnknownKey
    │   │   └── ExpiredKey
    │   ├── WrongGroup
    │   └── Forbidden           the key is good, and may not do this
    ├── LimitError              the caller has had its share; `retry_after` says when there is more
    │   ├── RequestsLimited
    │   ├── UnitsLimited
    │   ├── ParallelLimited
    │   └── OutOfMoney
    ├── SettingsError           the settings file, the environment or an option holds a wrong value
    └── ServiceError            the caller did nothing wrong; most may be tried again
        ├── Draining
        ├── Overloaded
        ├── EngineError         an engine failed
        │   └── EngineMissing   it is not installed
        │       └── ModelMissing    its model is not there, and can be fetched
        └── StorageError        the database or the disk failed

A message is one English sentence without a full stop that says what is wrong and what to do. It never holds a secret
or a caller's text. How an error looks on the wire is the dialect's business.
"""


class RhapsodeError(Exception):
    """The root: catch this to catch all of ours."""

    @property
    def message(self) -> str:
        """The sentence."""
        return str(self)


class RequestError(RhapsodeError):
    """The request cannot be served as it stands; sending it again changes nothing."""


class InvalidField(RequestError):
    """A field breaks a rule.

    `field` is the name as the caller wrote it, with indices: `messages[2].text`.
    """

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(f"{field}: {rule}" if field else rule)
        self.field = field
        self.rule = rule


class UnknownModel(InvalidField):
    """No engine serves a model of this name."""

    def __init__(self, model: str) -> None:
        super().__init__("model", f"unknown model {model[:80]!r}")
        self.model = model


class UnknownVoice(InvalidField):
    """No engine has a voice of this id."""

    def __init__(self, field: str, voice_id: str) -> None:
        super().__init__(field, f"voice id {voice_id[:80]!r} does not exist")
        self.voice_id = voice_id


class DuplicateVoice(InvalidField):
    """There is a voice of this id already."""

    def __init__(self, voice_id: str) -> None:
        super().__init__("voice_id", f"voice id {voice_id[:80]!r} exists already: choose another one")


class UnknownAccount(InvalidField):
    """There is no group, user, key or limit of this name or id."""


class DuplicateAccount(InvalidField):
    """There is a group, user or key of this name or id already."""


class SampleLength(InvalidField):
    """A recording that a voice is to be made of is too short or too long."""


class PromptLength(SampleLength):
    """The short recording that comes beside it is too long."""


class InvisibleText(InvalidField):
    """Too many of a text's characters can be neither seen nor heard."""

    def __init__(self, share: float, *, most: float) -> None:
        rule = f"{share:.0%} of its characters are invisible or illegal, and at most {most:.0%} may be"
        super().__init__("text", rule)


class PromptTooLong(InvalidField):
    """What was said does not fit the engine's context. Figures in tokens.

    `field` is what does not fit: the rendered conversation, or one text of several.
    `at_least`: it is so long that its tokens were not counted to the end.
    """

    def __init__(
        self, *, prompt_tokens: int, context_tokens: int, at_least: bool = False, field: str = "messages"
    ) -> None:
        takes = f"at least {prompt_tokens}" if at_least else f"{prompt_tokens}"
        what = "the conversation" if field == "messages" else "the text"
        super().__init__(field, f"{what} takes {takes} tokens, and the model's context holds {context_tokens}")
        self.prompt_tokens = prompt_tokens
        self.context_tokens = context_tokens


class NotSupported(InvalidField):
    """The platform has this field; this server does not serve it and will not pretend to."""

    def __init__(self, field: str, what: str = "is not supported by this server yet") -> None:
        super().__init__(field, what)


class MalformedBody(RequestError):
    """The body is not what its content type says."""


class BodyTooLarge(RequestError):
    """The body is larger than `limit` bytes; it was not read."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the body is larger than {limit} bytes")
        self.limit = limit


class UnknownPath(RequestError):
    """Nothing is served at the address that was called."""


class WrongMethod(RequestError):
    """What is served at the address is called with another HTTP method; the message names it."""


class AccessError(RhapsodeError):
    """Who calls is not clear, or may not do this."""


class MissingKey(AccessError):
    """The request carries no key."""


class UnknownKey(AccessError):
    """The key was never made here, or was revoked."""


class WrongGroup(AccessError):
    """The key is good, the group named beside it is another's."""


class ExpiredKey(UnknownKey):
    """The key was good until its time was over."""


class Forbidden(AccessError):
    """The key is good, and not for this: another model, another address, another part of the server."""


class LimitError(RhapsodeError):
    """The caller has had its share. `retry_after`: seconds until there is more, or None where waiting does not help."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RequestsLimited(LimitError):
    """Too many requests a minute."""


class UnitsLimited(LimitError):
    """Too many tokens, or characters, a minute."""


class ParallelLimited(LimitError):
    """Too many requests at once."""


class OutOfMoney(LimitError):
    """The balance is used up, or what may be spent in a month."""


class SettingsError(RhapsodeError):
    """The settings file, the environment or an option holds a wrong value; the message names it."""


class ServiceError(RhapsodeError):
    """The caller did nothing wrong."""


class Draining(ServiceError):
    """The server is about to stop and takes no new work."""


class Overloaded(ServiceError):
    """Too much work is waiting already; try again later."""


class EngineError(ServiceError):
    """An engine failed at its work."""


class EngineMissing(EngineError):
    """An engine, or its model, is not installed; the message says how to install it."""


class ModelMissing(EngineMissing):
    """A model that has a name is not on this machine: `rhapsode models pull` with that name fetches it."""

    def __init__(self, model: str) -> None:
        super().__init__(f"the model {model} is not on this machine: rhapsode models pull {model}")
        self.model = model


class StorageError(ServiceError):
    """The database or the disk failed."""
