"""What the commands say that look after accounts, in English and in Chinese: `messages` for the rest."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class AccountWords:
    """One language. Names in braces are filled in by `str.format`."""

    name: str
    value: str
    group: str
    group_id: str
    user: str
    user_id: str
    key_id: str
    ends_in: str
    created: str
    revoked: str
    expires: str
    last_used: str
    models: str
    addresses: str
    balance: str
    open_keys: str
    model: str
    requests: str
    tokens: str
    characters: str
    parallel: str
    spend: str
    spent: str
    every_one: str
    everything: str
    never: str
    unlimited: str
    no_groups: str
    no_users: str
    no_admin_keys: str
    no_limits: str
    admin_key_revoked: str
    user_revoked: str
    old_key_ends: str
    old_key_ended: str
    limit_is_gone: str
    limits_cleared: str
    paste_jwt: str
    jwt_of_another_group: str
    no_usage: str
    usage_by: Mapping[str, str]
    usage_figures: tuple[str, ...]
    usage_cost: str


ENGLISH = AccountWords(
    name="name",
    value="value",
    group="group",
    group_id="group id",
    user="user",
    user_id="user id",
    key_id="id",
    ends_in="ends in",
    created="created",
    revoked="revoked",
    expires="expires",
    last_used="last used",
    models="models",
    addresses="addresses",
    balance="balance",
    open_keys="keys",
    model="model",
    requests="requests a minute",
    tokens="tokens a minute",
    characters="characters a minute",
    parallel="at once",
    spend="spend a month",
    spent="spent this month",
    every_one="all",
    everything="all together",
    never="never",
    unlimited="none kept",
    no_groups="There are no groups yet: rhapsode groups create NAME",
    no_users="There are no users yet: rhapsode users create NAME --group GROUP",
    no_admin_keys="There are no administrators' keys yet: rhapsode admin-keys create --name NAME",
    no_usage="The ledger has no such calls.",
    usage_by={"day": "day (UTC)", "group": "group", "user": "user", "key": "key", "model": "model"},
    usage_figures=("calls", "failed", "tokens in", "tokens out", "characters", "seconds"),
    usage_cost="cost ({currency})",
    no_limits="There are no limits: rhapsode limits set --group GROUP --requests 60",
    admin_key_revoked="{key_id} ({name}) is revoked.",
    user_revoked="No key of {name} opens any more.",
    old_key_ends="{key_id} is good until {time}.",
    old_key_ended="{key_id} is revoked.",
    limit_is_gone="Nothing is left of this limit.",
    limits_cleared="Limits cleared: {count}",
    paste_jwt="Paste the key, then press Enter and Ctrl-D.",
    jwt_of_another_group=(
        "The key itself names the group {named}, and this one is {group_id}: programs that send the former as GroupId "
        "are refused. A group of that id: rhapsode groups create NAME --id {named}"
    ),
)

CHINESE = AccountWords(
    name="名称",
    value="值",
    group="用户组",
    group_id="用户组 ID",
    user="用户",
    user_id="用户 ID",
    key_id="ID",
    ends_in="末尾",
    created="创建时间",
    revoked="吊销时间",
    expires="到期",
    last_used="最近使用",
    models="模型",
    addresses="地址",
    balance="余额",
    open_keys="密钥数",
    model="模型",
    requests="每分钟请求",
    tokens="每分钟 token",
    characters="每分钟字符",
    parallel="同时请求",
    spend="每月花费",
    spent="本月已花费",
    every_one="全部",
    everything="全部合计",
    never="从不",
    unlimited="不计",
    no_groups="还没有用户组：rhapsode groups create 名称",
    no_users="还没有用户：rhapsode users create 名称 --group 用户组",
    no_admin_keys="还没有管理密钥：rhapsode admin-keys create --name 名称",
    no_usage="账本中没有这样的调用。",
    usage_by={"day": "日期（UTC）", "group": "用户组", "user": "用户", "key": "密钥", "model": "模型"},
    usage_figures=("调用", "失败", "输入 token", "输出 token", "字符", "音频秒数"),
    usage_cost="费用（{currency}）",
    no_limits="没有限额：rhapsode limits set --group 用户组 --requests 60",
    admin_key_revoked="{key_id}（{name}）已吊销。",
    user_revoked="{name} 的密钥已全部失效。",
    old_key_ends="{key_id} 在 {time} 之前仍然有效。",
    old_key_ended="{key_id} 已吊销。",
    limit_is_gone="这条限额已空，不再保留。",
    limits_cleared="已清除限额：{count}",
    paste_jwt="请粘贴密钥，然后按回车和 Ctrl-D。",
    jwt_of_another_group=(
        "密钥自带的用户组是 {named}，而这里的是 {group_id}：以前者为 GroupId 的程序会被拒绝。"
        "以该 ID 新建用户组：rhapsode groups create 名称 --id {named}"
    ),
)


def account_words(*, chinese: bool) -> AccountWords:
    """The words of the screen's language."""
    return CHINESE if chinese else ENGLISH
