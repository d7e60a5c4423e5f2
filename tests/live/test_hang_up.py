"""A caller who leaves, and a worker that dies, seen from the socket."""

import json
import socket
import threading
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from tests.live.running import LiveServer, running_server
from tests.live.test_chat_pro import PATH as CHAT
from tests.live.test_chat_pro import body as chat_body
from tests.live.test_chat_v2 import PATH as SPOKEN
from tests.live.test_chat_v2 import spoken as spoken_body
from tests.live.test_drain import COUNT
from tests.live.test_t2a import PATH as SPEECH
from tests.live.test_t2a import body as speech_body

ONE_SLOT = """
[chat.engines.embedded]
kind = "llama"
slots = 1
"""


def connect(server: LiveServer, path: str, body: object) -> socket.socket:
    """A connection that has sent a call and can simply be closed."""
    where = urlsplit(server.base_url)
    content = json.dumps(body).encode()
    connection = socket.create_connection((where.hostname or "", where.port or 0), timeout=60)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.api_key}\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    connection.sendall(head.encode() + content)
    return connection


def test_callers_who_leave_free_the_engines_only_slot(tmp_path: Path) -> None:
    # Each of these calls would hold the slot for the whole context: minutes. The last one is answered all the same.
    endless = {"messages": COUNT, "tokens_to_generate": 16384, "temperature": 0.01}
    with running_server(tmp_path, ONE_SLOT) as server, server.client() as client:
        question = [{"role": "user", "content": COUNT[0]["text"]}]
        listening = connect(server, SPOKEN, spoken_body(messages=question, max_tokens=16384, temperature=0.01))
        assert listening.recv(4096).startswith(b"HTTP/1.1 200")  # it decodes, and speaks
        listening.close()
        streaming = connect(server, CHAT, chat_body(stream=True, **endless))
        assert streaming.recv(4096).startswith(b"HTTP/1.1 200")  # it decodes
        waiting = connect(server, CHAT, chat_body(**endless))  # it waits for the slot, as a whole reply
        streaming.close()
        waiting.close()
        evaluating = connect(server, CHAT, chat_body(messages=[COUNT[0] | {"text": "calm sea " * 3000}]))
        evaluating.close()
        assert client.post(CHAT, json=chat_body(tokens_to_generate=3)).json()["base_resp"]["status_code"] == 0


def test_a_worker_that_is_killed_in_mid_sentence_is_not_noticed(tmp_path: Path) -> None:
    text = "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。" * 8
    with running_server(tmp_path) as server, server.client() as client:
        wanted = client.post(SPEECH, json=speech_body(text=text)).content
        answers: list[bytes] = []
        speaking = threading.Thread(
            target=lambda: answers.append(client.post(SPEECH, json=speech_body(text=text)).content)
        )
        workers = [
            child
            for child in psutil.Process(server.process.pid).children(recursive=True)
            if "rhapsode-worker" in " ".join(child.cmdline())
        ]
        before = {worker.pid: sum(worker.cpu_times()[:2]) for worker in workers}
        speaking.start()
        busy = None
        while busy is None:  # until one of them works
            busy = next((each for each in workers if sum(each.cpu_times()[:2]) > before[each.pid] + 0.05), None)
        busy.kill()
        speaking.join(60)
        assert answers == [wanted]
        assert client.post(SPEECH, json=speech_body(text=text)).content == wanted
