"""Speech that is heard while it is made: T2A v2 as a stream of events, with nothing but an HTTP client.

The sound is written to output.mp3 as it comes; give `-` as the second argument to send it to standard output instead,
for a player: `python t2a_v2_stream.py "你好" - | ffplay -nodisp -autoexit -`. Works against this project's server and
against the cloud: only RHAPSODE_BASE_URL and RHAPSODE_API_KEY differ.
"""

import json
import os
import sys
from pathlib import Path

import requests

url = f"{os.environ['RHAPSODE_BASE_URL']}/v1/t2a_v2"
headers = {"Authorization": f"Bearer {os.environ['RHAPSODE_API_KEY']}"}
body = {
    "model": "speech-02-turbo",
    "text": sys.argv[1] if len(sys.argv) > 1 else "你好，很高兴认识你。今天天气很好，我们一起去公园散步吧。",
    "stream": True,
    "stream_options": {"exclude_aggregated_audio": True},
    "voice_setting": {"voice_id": "female-tianmei", "emotion": "happy"},
    "audio_setting": {"sample_rate": 32000, "bitrate": 128000, "format": "mp3", "channel": 1},
}

to_player = sys.argv[2:] == ["-"]
with (
    requests.post(url, headers=headers, json=body, stream=True, timeout=300) as answer,
    sys.stdout.buffer if to_player else Path("output.mp3").open("wb") as output,
):
    for line in answer.iter_lines():
        if not line.startswith(b"data:"):
            continue
        event = json.loads(line[5:])
        if event["base_resp"]["status_code"] != 0:
            raise SystemExit(f"failed: {event['base_resp']['status_msg']} (trace {event['trace_id']})")
        output.write(bytes.fromhex(event["data"]["audio"]))
        if "extra_info" in event and not to_player:
            info = event["extra_info"]
            print(f"output.mp3: {info['audio_length'] / 1000:.1f} s, {info['audio_size']} bytes")
