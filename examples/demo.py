"""What `make demo` runs: a server on a free port, the two quickstart jobs against it, and the server stopped again."""

import os
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.request
from pathlib import Path

EXAMPLES = Path(__file__).parent
OUTPUT = Path("output.mp3")
TURNS = "我叫小明，我最喜欢的颜色是蓝色。\n我叫什么名字？我最喜欢什么颜色？\n"
START_SECONDS = 60

# MPEG-1 Layer III, the two index nibbles of a frame's third byte; a stream of ours has one bit rate throughout.
KILOBITS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)


def main() -> None:
    """The demo; exits with the status of whatever fails."""
    with tempfile.TemporaryDirectory(prefix="rhapsode-demo-") as home:
        print("Starting the server ...", flush=True)
        command = [sys.executable, "-m", "rhapsode", "serve", "--port", "0", "--home", home]
        with (
            (Path(home) / "serve.txt").open("w+", encoding="utf-8") as said,
            subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said) as server,  # noqa: S603 - our own program
        ):
            try:
                environment = os.environ | wait_until_ready(server, Path(home))
                print("\nChat in character, two turns; the second one needs the first:", flush=True)
                run("quickstart_chat.py", environment, stdin=TURNS)
                print("\nSpeech in a blend of four voices:", flush=True)
                run("quickstart_t2a.py", environment)
            finally:
                server.send_signal(signal.SIGTERM)
        if server.returncode != 0:
            raise SystemExit(f"the server ended with status {server.returncode}")
    sound = OUTPUT.read_bytes()
    print(f"{OUTPUT}: {seconds_of(sound):.2f} s, {len(sound)} bytes. The server has stopped.")


def wait_until_ready(server: subprocess.Popen[bytes], home: Path) -> dict[str, str]:
    """The environment that the programs need, once the server takes calls."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            kept = tomllib.loads((home / "credentials.toml").read_text(encoding="utf-8"))
            urllib.request.urlopen(f"{kept['base_url']}/health/ready").close()  # noqa: S310 - an address of this machine
        except OSError:  # not written yet, or nobody listens yet
            time.sleep(0.1)
        else:
            return {f"RHAPSODE_{name.upper()}": value for name, value in kept.items()}
    raise SystemExit(f"the server did not start: {(home / 'serve.txt').read_text(encoding='utf-8')}")


def run(program: str, environment: dict[str, str], stdin: str = "") -> None:
    """Run one of the examples; its failure is the demo's."""
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, str(EXAMPLES / program)], input=stdin, env=environment, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"{program} ended with status {done.returncode}")


def seconds_of(sound: bytes) -> float:
    """The length of an MP3 of constant bit rate."""
    header = sound.index(b"\xff\xfb")
    return (len(sound) - header) * 8 / (KILOBITS[sound[header + 2] >> 4] * 1000)


if __name__ == "__main__":
    main()
