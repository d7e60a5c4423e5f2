"""Rhapsode: chat in character and speech in a blend of voices, behind the MiniMax wire API."""
