"""Scenes with several bots and users, made by chance from a seed: names of many kinds, in English and Chinese."""

from random import Random

from rhapsode.core.chat import Bot, ChatRequest, Sampling, Turn
from tests.engines.chat.requests import replied, says

ENGLISH = (
    "Ann",
    "Bob",
    "Dr. Who",
    "Mary Jane",
    "O'Neil",
    "User",
    "AI",
    "Captain: Hook",
    "[Rex]",
    "**Star**",
    "Zoë",
    "X",
    "Sir Reginald of the Seven Seas and of All the Islands that Lie Beyond the Mist",
)
CHINESE = (
    "小明",
    "小红",
    "老师",
    "王小二",
    "МАША",
    "さくら",
    "智能助理",
    "“铁匠”",
    "李（掌柜）",
    "阿Q",
    "用户",
    "龙",
)
LINES = {
    "en": (
        "Aye!",
        "Who goes there?",
        "I am tired.",
        "What do you say, {}?",
        "Not again...",
        "{}: you are late!",
        "Go on.",
    ),
    "zh": ("好！", "谁在那里？", "我累了。", "{}，你怎么看？", "又来了……", "{}：你迟到了！", "继续说。"),
}
DESCRIPTIONS = {"en": "brief.", "zh": "话少。"}


class Cast:
    """Two to six bots and one to three users, with a talk behind them that ends as a script does that goes on."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._language = random.choice(("en", "zh"))
        names = random.sample(ENGLISH if self._language == "en" else CHINESE, 9)
        self.bots = [Bot(name=name, description=DESCRIPTIONS[self._language]) for name in names[:6]]
        self.bots = self.bots[: random.randint(2, 6)]
        self.users = names[6 : 6 + random.randint(1, 3)]
        self.turns = [self._turn() for _ in range(random.randint(2, 3))]

    def _turn(self) -> Turn:
        everybody = [*(bot.name for bot in self.bots), *self.users]
        text = self._random.choice(LINES[self._language]).format(self._random.choice(everybody))
        speaker = self._random.choice(everybody)
        return says(text, speaker) if speaker in self.users else replied(text, speaker)

    def scene(self, number: int) -> ChatRequest:
        """A bot that replies to what was said; every second time, one more turn was."""
        if number % 2:
            self.turns.append(self._turn())
        return ChatRequest(
            model="abab5.5-chat",
            bots=tuple(self.bots),
            turns=tuple(self.turns),
            reply_as=self._random.choice(self.bots).name,
            max_tokens=24,
            sampling=Sampling(temperature=1.0, top_p=1.0),
        )


def make_talks(count: int, *, scenes: int, seed: int) -> list[list[ChatRequest]]:
    """So many talks of so many scenes: each goes on where the last one was, without its reply."""
    random = Random(seed)
    casts = [Cast(random) for _ in range(count)]
    return [[cast.scene(number) for number in range(scenes)] for cast in casts]
