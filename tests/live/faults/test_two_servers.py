"""Two servers that share a database of either kind and Redis: what callers may have is exact over both of them together."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import cycle
from threading import Condition
from typing import cast

import httpx2
import pytest

from tests.client.player import Connection, Player, stream
from tests.engines.upstream.playing import TONGUES
from tests.live.faults.books import rhapsode
from tests.live.faults.load import openai_body
from tests.live.faults.pair import Pair, running_pair
from tests.live.test_chat_pro import PATH as PRO
from tests.live.test_chat_pro import body as pro_body
from tests.live.test_t2a_v2 import body as t2a_v2_body
from tests.postgresql import Postgresql
from tests.redis_server import RedisServer, running_redis

OPENAI = "/v1/chat/completions"
MANY = 1000
HELD = "abab6.5-chat"
TONGUE = next(tongue for tongue in TONGUES if tongue.kind == "openai")
SHORT = {"model": "abab6.5s-chat", "max_tokens": 4, "messages": [{"role": "user", "content": "Hi."}]}

pytestmark = pytest.mark.xdist_group("postgresql")


@pytest.fixture(scope="module")
def upstream() -> Iterator[Player]:
    with Player() as player:
        yield player


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@pytest.fixture(scope="module", params=["postgresql", "sqlite"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('shared') / 'rhapsode.db'}"
        return
    server = cast("Postgresql", request.getfixturevalue("postgresql"))
    url = server.new()
    yield url
    server.drop(url)


@pytest.fixture(scope="module")
def pair(
    tmp_path_factory: pytest.TempPathFactory, database: str, redis: RedisServer, upstream: Player
) -> Iterator[Pair]:
    directory = tmp_path_factory.mktemp("pair")
    with running_pair(directory, database=database, redis=redis.url, upstream=upstream.url) as pair:
        yield pair


def code_of(answer: httpx2.Response) -> int:
    """The platform's code, whichever dialect told it."""
    told = answer.json()
    if "error" in told:
        assert answer.status_code == 429
        return int(told["error"]["message"].rpartition("(")[2].rstrip(")"))
    return int(told.get("base_resp", {"status_code": 0})["status_code"])


def short_calls(clients: tuple[httpx2.Client, httpx2.Client], threads: ThreadPoolExecutor, times: int) -> Counter[int]:
    """The codes of so many calls, to each server in turn."""

    def call(number: int) -> int:
        return code_of(clients[number % 2].post(OPENAI, json=SHORT))

    return Counter(threads.map(call, range(times)))


def test_a_hundred_requests_a_minute_are_a_hundred(pair: Pair) -> None:
    with (
        pair.callers(pair.group("hundred", requests_per_minute=100)) as clients,
        ThreadPoolExecutor(50) as threads,
    ):

        def call(number: int) -> httpx2.Response:
            client = clients[number % 2]
            if number % 4 < 2:
                return client.post(OPENAI, json=SHORT)
            return client.post("/v1/t2a_v2", json=t2a_v2_body(text="你"))

        answers = list(threads.map(call, range(200)))
    assert Counter(map(code_of, answers)) == {0: 100, 1002: 100}
    for answer in answers:
        if answer.status_code == 429:
            assert 1 <= int(answer.headers["retry-after"]) <= 60
        else:
            assert "retry-after" not in answer.headers
    assert {answer.status_code for answer in answers} == {200, 429}


def test_seven_at_once_are_seven(pair: Pair) -> None:
    key = pair.group("seven", parallel=7)
    hold = openai_body(stream=True, messages=[{"role": "user", "content": "scripted:hold"}])
    with pair.callers(key) as clients, ThreadPoolExecutor(40) as threads, ExitStack() as held:

        def begin(number: int) -> httpx2.Response:
            client = clients[number % 2]
            return client.send(client.build_request("POST", OPENAI, json=hold), stream=True)

        answers = list(threads.map(begin, range(40)))
        for answer in answers:
            held.callback(answer.close)
        assert Counter(answer.status_code for answer in answers) == {200: 7, 429: 33}
        for answer in answers:
            if answer.status_code == 429:
                answer.read()
                assert code_of(answer) == 1041
        next(answer for answer in answers if answer.status_code == 200).close()
        while (one_more := begin(1)).status_code == 429:  # until the server has noticed
            one_more.close()
        held.callback(one_more.close)
        assert begin(0).status_code == begin(1).status_code == 429


def test_who_was_too_many_at_once_for_a_model_has_made_no_request(pair: Pair) -> None:
    key = pair.group("held", requests_per_minute=100)
    pair.limit_model("held", HELD, parallel=7)
    hold = openai_body(model=HELD, stream=True, messages=[{"role": "user", "content": "scripted:hold"}])
    with pair.callers(key) as clients, ThreadPoolExecutor(50) as threads, ExitStack() as held:

        def begin(number: int) -> httpx2.Response:
            client = clients[number % 2]
            return client.send(client.build_request("POST", OPENAI, json=hold), stream=True)

        answers = list(threads.map(begin, range(50)))
        for answer in answers:
            held.callback(answer.close)
        assert Counter(answer.status_code for answer in answers) == {200: 7, 429: 43}
        assert short_calls(clients, threads, 200) == {0: 93, 1002: 107}


class Counting:
    """An upstream's answer, which counts the calls that are under way. None is over before there were seven at once."""

    def __init__(self) -> None:
        self._news = Condition()
        self._now = self.most = 0

    def __call__(self, connection: Connection) -> None:
        with self._news:
            self._now += 1
            self.most = max(self.most, self._now)
            self._news.notify_all()
            self._news.wait_for(lambda: self.most >= 7, 30)
            self._news.wait_for(lambda: self.most > 7, 0.05)  # time for one too many to come
            self._now -= 1
        stream(*TONGUE.frames("Glas", "sy."))(connection)  # the place is given back after that


def test_no_more_than_seven_are_ever_under_way(pair: Pair, upstream: Player) -> None:
    counting, calls = Counting(), 160
    upstream.answers.clear()
    upstream.answers.extend([counting] * calls)
    with pair.callers(pair.group("under-way", parallel=7)) as clients, ThreadPoolExecutor(32) as threads:

        def call(number: int) -> int:
            return code_of(clients[number % 2].post(OPENAI, json=SHORT | {"model": "abab5.5-chat"}))

        codes = Counter(threads.map(call, range(calls)))
    assert set(codes) == {0, 1041}
    assert codes[0] == calls - len(upstream.answers) >= 7
    assert counting.most == 7


def spend(clients: tuple[httpx2.Client, httpx2.Client], path: str, body: object) -> tuple[list[int], httpx2.Response]:
    """Ask one server after the other until one refuses. The tokens of each reply, and the refusal."""
    used: list[int] = []
    for client in cycle(clients):
        answer = client.post(path, json=body)
        if code_of(answer):
            return used, answer
        used.append(answer.json()["usage"]["total_tokens"])
        assert len(used) < MANY
    raise AssertionError


def test_tokens_a_minute_count_over_both(pair: Pair) -> None:
    limit = 1000
    with pair.callers(pair.group("tokens", tokens_per_minute=limit)) as clients:
        used, refused = spend(clients, PRO, pro_body(model="abab6.5s-chat"))
        assert code_of(refused) == 1039
        # The last but one may be told to Redis beside the last; and a prompt asks at the door for a part of what it is.
        assert sum(used[:-2]) < limit <= sum(used) + max(used)
        answer = clients[0].post(OPENAI, json=openai_body())
        assert (answer.status_code, code_of(answer)) == (429, 1039)
        assert int(answer.headers["retry-after"]) >= 1
        assert code_of(clients[0].post("/v1/t2a_v2", json=t2a_v2_body(text="你"))) == 0  # which are characters


@pytest.mark.parametrize("what", ["balance", "spend_per_month"])
def test_money_comes_to_an_end_on_both_and_there_is_more(pair: Pair, what: str) -> None:
    name = f"money-{what}"
    amount = {what: 0.01}
    with pair.callers(pair.group(name, **amount)) as clients:
        used, refused = spend(clients, PRO, pro_body(model="abab6.5s-chat"))
        assert used
        assert code_of(refused) == 1008
        while not code_of(clients[1].post(PRO, json=pro_body(model="abab6.5s-chat"))):
            pass  # the half second for which the other remembers what was left
        answer = clients[1].post(OPENAI, json=SHORT)
        assert (answer.status_code, answer.json()["error"]["code"]) == (429, "insufficient_quota")
        assert clients[1].get("/v1/models").status_code == 200
        if what == "balance":
            rhapsode("groups", "balance", name, "--set", "1000", "--home", str(pair.home))
        else:
            rhapsode("limits", "set", "--group", name, "--spend", "1000", "--home", str(pair.home))
        for client in clients:
            while code_of(client.post(PRO, json=pro_body(model="abab6.5s-chat"))):
                pass  # the half second


def test_a_limit_that_is_set_while_both_run_is_felt_by_both(pair: Pair) -> None:
    with pair.callers(pair.group("later")) as clients:
        for client in clients * 3:
            assert code_of(client.post(OPENAI, json=SHORT)) == 0
        rhapsode("limits", "set", "--group", "later", "--requests", "2", "--home", str(pair.home))
        for client in clients:
            while not (code := code_of(client.post(OPENAI, json=SHORT))):
                pass  # the half second for which a server remembers who calls
            assert code == 1002


def test_a_redis_that_is_lost_opens_no_door(pair: Pair, redis: RedisServer) -> None:
    with pair.callers(pair.group("lost", requests_per_minute=100)) as clients, ThreadPoolExecutor(50) as threads:
        assert short_calls(clients, threads, 200) == {0: 100, 1002: 100}
        redis.end()
        try:
            alone = short_calls(clients, threads, 100)
        finally:
            redis.start()
        assert set(alone) <= {0, 1002}
        assert alone[0] <= 50
        assert set(short_calls(clients, threads, 10)) <= {0, 1002}
