"""The second quickstart job with nothing but an HTTP client: speech in a blend of four voices, saved as output.mp3.

Works against this project's server and against the cloud: only RHAPSODE_BASE_URL, RHAPSODE_GROUP_ID and
RHAPSODE_API_KEY differ. The text may be given as the first argument.
"""

import os
import sys
from pathlib import Path

import requests

url = f"{os.environ['RHAPSODE_BASE_URL']}/v1/text_to_speech?GroupId={os.environ['RHAPSODE_GROUP_ID']}"
headers = {"Authorization": f"Bearer {os.environ['RHAPSODE_API_KEY']}"}
body = {
    "model": "speech-01",
    "text": sys.argv[1] if len(sys.argv) > 1 else "你好，很高兴认识你。",
    "speed": 1.0,
    "vol": 1.0,
    "pitch": 0,
    "timber_weights": [
        {"voice_id": "male-qn-qingse", "weight": 1},
        {"voice_id": "female-shaonv", "weight": 1},
        {"voice_id": "female-yujie", "weight": 1},
        {"voice_id": "audiobook_male_2", "weight": 1},
    ],
}

answer = requests.post(url, headers=headers, json=body, timeout=300)
if answer.status_code != requests.codes.ok or "json" in answer.headers["Content-Type"]:
    raise SystemExit(f"failed: HTTP {answer.status_code} {answer.text}")
Path("output.mp3").write_bytes(answer.content)
print(f"output.mp3 written (trace {answer.headers['Trace-Id']})")
