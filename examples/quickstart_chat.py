"""The first quickstart job with nothing but an HTTP client: a conversation in character, one line of yours a turn.

Works against this project's server and against the cloud: only RHAPSODE_BASE_URL, RHAPSODE_GROUP_ID and
RHAPSODE_API_KEY differ. End it with Ctrl-D.
"""

import os
import sys

import requests

BOT = "MM智能助理"

url = f"{os.environ['RHAPSODE_BASE_URL']}/v1/text/chatcompletion_pro?GroupId={os.environ['RHAPSODE_GROUP_ID']}"
headers = {"Authorization": f"Bearer {os.environ['RHAPSODE_API_KEY']}"}
messages: list[dict[str, str]] = []
body = {
    "model": "abab5.5-chat",
    "tokens_to_generate": 64,
    "temperature": 0.5,
    "bot_setting": [{"bot_name": BOT, "content": f"{BOT}是一位友好的助理，用简短的中文回答问题，并记得用户说过的话。"}],
    "reply_constraints": {"sender_type": "BOT", "sender_name": BOT},
    "messages": messages,
}

while True:
    try:
        line = input("小明: ")
    except EOFError:
        print()
        break
    if not sys.stdin.isatty():
        print(line)  # a terminal has shown it already
    messages.append({"sender_type": "USER", "sender_name": "小明", "text": line})
    answer = requests.post(url, headers=headers, json=body, timeout=300).json()
    if answer["base_resp"]["status_code"] != 0:
        raise SystemExit(f"failed: {answer['base_resp']} (trace {answer.get('id')})")
    print(f"{BOT}: {answer['reply']}")
    # The reply becomes a turn of the conversation: the next call sends it back.
    messages.extend(answer["choices"][0]["messages"])
