"""The version, in one place: the wheel, the command line and the SDK's User-Agent read it here."""

__version__ = "0.1.0"
