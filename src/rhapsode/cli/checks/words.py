"""What `rhapsode doctor` says of each thing that it looks at, and what to do about it, in English and in Chinese."""

from typing import Final

from rhapsode.cli.checks.finding import Said

# The machine.
PYTHON: Final = Said(english="Python {version} on {system}", chinese="Python {version}，系统 {system}")
PROCESSOR: Final = Said(english="{level}, physical cores: {cores}", chinese="{level}，物理核心数：{cores}")
PROCESSOR_UNKNOWN: Final = Said(
    english="what it can do is not told here; physical cores: {cores}", chinese="无法读取指令集；物理核心数：{cores}"
)
PROCESSOR_OLD: Final = Said(
    english="{level}: it lacks {lacking}, which the embedded model's code uses",
    chinese="{level}：缺少 {lacking}，而内置模型的代码需要它们",
)
PROCESSOR_OLD_FIX: Final = Said(
    english="use a processor of 2013 or later (x86-64-v3), in a virtual machine the type `host`; or an upstream engine",
    chinese="请换用 2013 年之后的处理器（x86-64-v3），虚拟机请选 `host` 型；或改用上游引擎",
)
MEMORY: Final = Said(
    english="{free_gb} GB of {total_gb} GB are free; the models and the server take about {needed_gb} GB",
    chinese="共 {total_gb} GB，可用 {free_gb} GB；模型与服务约需 {needed_gb} GB",
)
MEMORY_UNKNOWN: Final = Said(english="how much there is is not told here", chinese="此系统上无法读取")
MEMORY_BUSY: Final = Said(
    english="only {free_gb} GB of {total_gb} GB are free; the models and the server take about {needed_gb} GB",
    chinese="共 {total_gb} GB，仅 {free_gb} GB 可用；模型与服务约需 {needed_gb} GB",
)
MEMORY_BUSY_FIX: Final = Said(
    english="end other programs, unless it is this server that runs already",
    chinese="请关闭其他程序（若正是本服务在运行则无需处理）",
)
MEMORY_SHORT: Final = Said(
    english="{total_gb} GB are too little: the models and the server take about {needed_gb} GB",
    chinese="内存不足：共 {total_gb} GB，模型与服务约需 {needed_gb} GB",
)
MEMORY_SHORT_FIX: Final = Said(
    english="choose a smaller model, fewer `slots` or a smaller `context`: rhapsode models list",
    chinese="请选更小的模型，或减少 `slots`、`context`：rhapsode models list",
)
DISK: Final = Said(english="{free_gb} GB are free at {path}", chinese="{path} 可用 {free_gb} GB")
DISK_SHORT: Final = Said(english="only {free_gb} GB are free at {path}", chinese="{path} 仅剩 {free_gb} GB")
DISK_FULL: Final = Said(
    english="the disk is full: {free_gb} GB at {path}", chinese="磁盘已满：{path} 仅剩 {free_gb} GB"
)
DISK_FIX: Final = Said(
    english="make room, or name a home elsewhere with --home; `rhapsode models rm` removes models",
    chinese="请腾出空间，或用 --home 换到别处；`rhapsode models rm` 可删除模型",
)
CLOCK: Final = Said(english="it is {time}", chinese="当前时间 {time}")
CLOCK_WRONG: Final = Said(english="it cannot be {time}", chinese="时间不可能是 {time}")
CLOCK_FIX: Final = Said(
    english="set the clock, and keep it right with NTP (`timedatectl set-ntp true`)",
    chinese="请校准时钟，并启用 NTP（`timedatectl set-ntp true`）",
)
SKEW: Final = Said(english="that clock is {seconds} s ahead of this one", chinese="对方时钟比本机快 {seconds} 秒")
NO_SKEW: Final = Said(english="both clocks agree ({seconds} s)", chinese="两边时钟一致（{seconds} 秒）")
FFMPEG: Final = Said(english="{path}: AAC can be made", chinese="{path}：可输出 AAC")
FFMPEG_ABSENT: Final = Said(
    english="there is none: calls for AAC are refused, all other formats work",
    chinese="未安装：AAC 请求会被拒绝，其他格式不受影响",
)
FFMPEG_FIX: Final = Said(english="install ffmpeg if AAC is wanted", chinese="需要 AAC 时请安装 ffmpeg")

# What is installed.
EXTRA: Final = Said(english="{extra} is installed", chinese="{extra} 已安装")
EXTRA_UNUSED: Final = Said(
    english="{extra} is not installed ({missing}), and the settings do not ask for it",
    chinese="{extra} 未安装（{missing}），当前设置也用不到",
)
EXTRA_NEEDED: Final = Said(
    english="{extra} is not installed ({missing}), and the settings ask for it",
    chinese="{extra} 未安装（{missing}），而当前设置需要它",
)
NO_SERVER: Final = Said(
    english="{extra} is not installed ({missing}): the SDK and calls to other servers work, `rhapsode serve` does not",
    chinese="{extra} 未安装（{missing}）：SDK 与远程调用可用，`rhapsode serve` 不可用",
)
EXTRA_FIX: Final = Said(english="pip install 'rhapsode[{extra}]'", chinese="pip install 'rhapsode[{extra}]'")

# The home.
HOME: Final = Said(english="{path} takes files", chinese="{path} 可写")
HOME_ABSENT: Final = Said(english="{path} is made on the first start", chinese="{path} 将在首次启动时创建")
HOME_UNUSABLE: Final = Said(english="{reason}", chinese="{reason}")
HOME_CANNOT_BE_MADE: Final = Said(
    english="{path} cannot be made: {place} takes no directory of yours",
    chinese="无法创建 {path}：{place} 不可写",
)
HOME_FIX: Final = Said(
    english="name a directory that you may write, with --home or RHAPSODE_HOME",
    chinese="请用 --home 或 RHAPSODE_HOME 指定一个可写的目录",
)
RIGHTS: Final = Said(english="others cannot read keys, secret or accounts", chinese="其他用户无法读取密钥与账户")
RIGHTS_OPEN: Final = Said(english="others may read {paths}", chinese="其他用户可读取 {paths}")
RIGHTS_FIX: Final = Said(english="chmod go-rwx {paths}", chinese="chmod go-rwx {paths}")
FOLDER: Final = Said(english="{path} takes no files ({reason})", chinese="{path} 不可写入文件（{reason}）")
FOLDER_FIX: Final = Said(
    english="let it be a directory that this user may write, or move it away: one is made where there is none",
    chinese="请确保它是当前用户可写的目录；或将其移走，服务会自动新建",
)
CREDENTIALS: Final = Said(english="they are for {base_url}", chinese="对应 {base_url}")
CREDENTIALS_WRONG: Final = Said(english="{reason}", chinese="{reason}")
CREDENTIALS_FIX: Final = Said(
    english="mend {path}, or remove it: `rhapsode keys create --group NAME --save` writes it anew",
    chinese="请修改 {path}，或将其删除：`rhapsode keys create --group 名称 --save` 会重新写入",
)
SETTINGS: Final = Said(english="{path} is right", chinese="{path} 有效")
SETTINGS_ABSENT: Final = Said(english="there is no {path}: all is as it comes", chinese="没有 {path}：使用默认设置")
SETTINGS_WRONG: Final = Said(english="{reason}", chinese="{reason}")
SETTINGS_FIX: Final = Said(
    english="mend rhapsode.toml; docs/settings.md has a line for every setting",
    chinese="请修改 rhapsode.toml；每项设置见 docs/settings.md",
)
PLACE_FIX: Final = Said(
    english="set the variable or the file that it names where the server is started, or mend rhapsode.toml",
    chinese="请在启动服务的环境中设置所指的变量或文件，或修改 rhapsode.toml",
)
CERTIFICATE: Final = Said(english="it can be read, and its key", chinese="证书与私钥均可读取")
CERTIFICATE_WRONG: Final = Said(english="{reason}", chinese="{reason}")
CERTIFICATE_FIX: Final = Said(
    english="put both files where tls_cert and tls_key say, counted from the home, readable by the server's user",
    chinese="请将两个文件放到 tls_cert 与 tls_key 所指的位置（相对主目录），并确保服务的用户可读",
)
PORT_ANY: Final = Said(english="any free one is taken", chinese="自动选用空闲端口")
PORT_FREE: Final = Said(english="{where} is free", chinese="{where} 空闲")
PORT_OURS: Final = Said(english="a server of ours runs at {where} ({who})", chinese="本服务正在 {where} 运行（{who}）")
PORT_TAKEN: Final = Said(
    english="{where} is taken by another program ({who})", chinese="{where} 已被其他程序占用（{who}）"
)
PORT_TAKEN_FIX: Final = Said(
    english="end that program, or choose another port: rhapsode serve --port 0 takes any free one",
    chinese="请结束该程序，或换用其他端口：rhapsode serve --port 0 自动选用",
)
ADMIN_PORT_SAME: Final = Said(
    english="{port} is the callers' port, too: the two are told apart by it",
    chinese="{port} 与调用方端口相同：两者要靠端口区分",
)
ADMIN_PORT_FIX: Final = Said(
    english="choose another server.admin_port in rhapsode.toml; 0 takes any free one",
    chinese="请在 rhapsode.toml 中换用其他 server.admin_port；设为 0 则自动选用",
)
PORT_REFUSED: Final = Said(english="nothing can listen at {where}: {reason}", chinese="无法监听 {where}：{reason}")
PORT_REFUSED_FIX: Final = Said(
    english="choose an address of this machine and a port above 1023",
    chinese="请选用本机的地址和大于 1023 的端口",
)

# Models and voices.
MODEL: Final = Said(
    english="{path}, {size_mb} MB, is the file that was meant", chinese="{path}，{size_mb} MB，校验一致"
)
MODEL_UNCHECKED: Final = Said(
    english="{path}, {size_mb} MB; the catalogue knows no digest of it",
    chinese="{path}，{size_mb} MB；目录中没有它的校验值",
)
MODEL_ABSENT: Final = Said(english="{reason}", chinese="{reason}")
MODEL_FIX: Final = Said(english="rhapsode models pull {name}", chinese="rhapsode models pull {name}")
MODEL_NAME_FIX: Final = Said(
    english="set `model` to a name that `rhapsode models list` shows, or to the path of a GGUF file",
    chinese="请将 `model` 设为 `rhapsode models list` 列出的名称，或 GGUF 文件的路径",
)
MODEL_UNREADABLE: Final = Said(english="{reason}", chinese="{reason}")
MODEL_UNREADABLE_FIX: Final = Said(
    english="put the whole GGUF file there again; a model of the catalogue: rhapsode models rm, then pull",
    chinese="请重新放置完整的 GGUF 文件；目录中的模型请先 rhapsode models rm，再 pull",
)
MODEL_OTHER: Final = Said(
    english="{path}, {size_mb} MB, is not the file that the catalogue means", chinese="{path}（{size_mb} MB）校验不一致"
)
MODEL_OTHER_FIX: Final = Said(
    english="rhapsode models rm {name}, then rhapsode models pull {name}",
    chinese="先 rhapsode models rm {name}，再 rhapsode models pull {name}",
)
VOICES: Final = Said(english="{count} can be asked for", chinese="共 {count} 个可用音色")
VOICES_WRONG: Final = Said(english="{reason}", chinese="{reason}")
VOICES_FIX: Final = Said(english="install Rhapsode again", chinese="请重新安装 Rhapsode")
SPEECH: Final = Said(
    english="{kind} said a word, {seconds} s with its start", chinese="{kind} 试读成功，连启动共 {seconds} 秒"
)
SPEECH_FAILED: Final = Said(english="{kind} does not speak: {reason}", chinese="{kind} 无法发声：{reason}")
SPEECH_FIX: Final = Said(
    english="pip install --force-reinstall 'rhapsode[espeak]'; `rhapsode say` shows more of why",
    chinese="pip install --force-reinstall 'rhapsode[espeak]'；仍失败时请查看 `rhapsode say` 的日志",
)

# The database.
DATABASE: Final = Said(english="{kind} answers in {milliseconds} ms", chinese="{kind} 响应时间 {milliseconds} 毫秒")
DATABASE_ABSENT: Final = Said(english="it is made on the first start", chinese="将在首次启动时创建")
DATABASE_SLOW: Final = Said(
    english="{kind} takes {milliseconds} ms for the shortest question", chinese="{kind} 响应缓慢：{milliseconds} 毫秒"
)
DATABASE_SLOW_FIX: Final = Said(
    english="put the database nearer, or the home on a local disk: every call waits for it once",
    chinese="请将数据库放近一些，或将主目录放到本地磁盘：每次调用都要等它一次",
)
DATABASE_UNREACHABLE: Final = Said(english="{reason}", chinese="{reason}")
DATABASE_FIX: Final = Said(
    english="start the database, and see that database.url in rhapsode.toml names it",
    chinese="请启动数据库，并检查 rhapsode.toml 中的 database.url",
)
DATABASE_FILE_FIX: Final = Said(
    english="see that this user may write {path}; replace a damaged one by a sound copy, or move it away",
    chinese="请检查当前用户能否写入 {path}；若已损坏，请用备份替换，或将其移走",
)
DATABASE_CANNOT_BE_MADE: Final = Said(english="{path} cannot be made ({reason})", chinese="无法创建 {path}（{reason}）")
DATABASE_PLACE_FIX: Final = Said(
    english="make {folder}, writable by the server's user, or mend database.url in rhapsode.toml",
    chinese="请创建 {folder} 并确保服务的用户可写，或修改 rhapsode.toml 中的 database.url",
)
REVISION: Final = Said(english="{revision}, the newest", chinese="{revision}，已是最新")
REVISION_OLD: Final = Said(
    english="{revision}; the next start brings it to {newest}", chinese="{revision}；下次启动时升级到 {newest}"
)
REVISION_NEW: Final = Said(
    english="{revision} is newer than this Rhapsode, which knows {newest}",
    chinese="{revision} 比本版本所知的 {newest} 更新",
)
REVISION_FIX: Final = Said(
    english="install a newer Rhapsode, or name another home", chinese="请安装更新版本的 Rhapsode，或换用其他主目录"
)
WRITABLE: Final = Said(english="it can be written", chinese="可写")
NOT_WRITABLE: Final = Said(english="it cannot be written ({reason})", chinese="不可写（{reason}）")
NOT_WRITABLE_FIX: Final = Said(
    english="see who holds it, that its disk has room, and that this user may write it",
    chinese="请检查是否被占用、磁盘是否有空间、当前用户是否有写权限",
)
SECRET: Final = Said(english="the keys were made under it", chinese="与数据库中的密钥一致")
SECRET_ABSENT: Final = Said(
    english="there is none, and the database was used with one", chinese="缺失，而数据库曾与某个 secret 一起使用"
)
SECRET_WRONG: Final = Said(english="{reason}", chinese="{reason}")
SECRET_WRONG_FIX: Final = Said(
    english="put it back as it was; before the first key, remove the file or unset RHAPSODE_SECRET: a start makes one",
    chinese="请恢复原样；若尚未创建过密钥，删除该文件或取消设置 RHAPSODE_SECRET 即可：启动时会新建",
)
SECRET_OTHER: Final = Said(
    english="it is not the one that the database's keys were made under", chinese="与数据库中密钥所用的不一致"
)
SECRET_FIX: Final = Said(
    english="put the home's `secret` file or RHAPSODE_SECRET back as it was",
    chinese="请恢复主目录中的 `secret` 文件或 RHAPSODE_SECRET",
)

# Other servers.
REDIS: Final = Said(english="Redis answers in {milliseconds} ms", chinese="Redis 响应时间 {milliseconds} 毫秒")
REDIS_SILENT: Final = Said(
    english="Redis does not answer ({reason}): each process counts limits for itself, more strictly",
    chinese="Redis 无响应（{reason}）：各进程将各自从严计数",
)
REDIS_FIX: Final = Said(
    english="start Redis, and see that the address in rhapsode.toml names it",
    chinese="请启动 Redis，并检查 rhapsode.toml 中的地址",
)
REDIS_SETTINGS: Final = Said(english="{reason}", chinese="{reason}")
UPSTREAM: Final = Said(
    english="{url} answers {status} in {milliseconds} ms", chinese="{url} 返回 {status}，用时 {milliseconds} 毫秒"
)
UPSTREAM_SETTINGS: Final = Said(english="{reason}", chinese="{reason}")
UPSTREAM_SILENT: Final = Said(english="{url} does not answer ({reason})", chinese="{url} 无响应（{reason}）")
UPSTREAM_FIX: Final = Said(
    english="start that server, and see that its address in rhapsode.toml is right",
    chinese="请启动该服务，并检查 rhapsode.toml 中的地址",
)
UPSTREAM_REFUSES: Final = Said(
    english="{url} refuses the key ({status}, {milliseconds} ms)",
    chinese="{url} 拒绝了密钥（{status}，{milliseconds} 毫秒）",
)
UPSTREAM_KEY_FIX: Final = Said(
    english="see that the variable that api_key_env names holds a good key",
    chinese="请检查 api_key_env 所指变量中的密钥",
)
UPSTREAM_FAILS: Final = Said(
    english="{url} fails ({status}, {milliseconds} ms)", chinese="{url} 出错（{status}，{milliseconds} 毫秒）"
)

# The end.
ALL_WELL: Final = Said(english="All is well.", chinese="一切正常。")
SUMMARY: Final = Said(
    english="Failures: {failures}. Warnings: {warnings}.", chinese="失败：{failures}。警告：{warnings}。"
)
