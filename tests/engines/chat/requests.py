"""Requests that the tests of chat engines send."""

from rhapsode.core.chat import Bot, ChatRequest, Role, Sampling, Turn

MM = Bot(name="MM智能助理", description="MM智能助理是一款大型语言模型，乐于助人。")
ANN = Bot(name="Ann", description="Ann is a storyteller who never tires.")
BOB = Bot(name="Bob", description="Bob is a king without patience.")


def says(text: str, speaker: str = "小明") -> Turn:
    return Turn(role=Role.USER, speaker=speaker, text=text)


def replied(text: str, speaker: str = MM.name) -> Turn:
    return Turn(role=Role.BOT, speaker=speaker, text=text)


def chat(
    *turns: Turn | str,
    bots: tuple[Bot, ...] = (MM,),
    reply_as: str = "",
    samples: tuple[Turn, ...] = (),
    max_tokens: int = 16,
    temperature: float = 0.9,
) -> ChatRequest:
    return ChatRequest(
        model="abab5.5-chat",
        bots=bots,
        samples=samples,
        turns=tuple(says(turn) if isinstance(turn, str) else turn for turn in turns),
        reply_as=reply_as or bots[0].name,
        max_tokens=max_tokens,
        sampling=Sampling(temperature=temperature, top_p=0.95),
    )
