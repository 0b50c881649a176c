"""Chinese forms of the messages of getting models: sources, networks, hubs, caches, checking."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    # announcement
    "{name} from {server}, {revision} at {commit}: taking {taking}.": (
        "{name} 来自 {server}，{revision} 位于 {commit}：下载 {taking}。"
    ),
    "{name} from {server}, {revision} at {commit}: taking {taking}; leaving {leaving}.": (
        "{name} 来自 {server}，{revision} 位于 {commit}：下载 {taking}；不下载 {leaving}。"
    ),
    "{name} ({revision} at {commit}) is already here, whole: {folder}": (
        "{name}（{revision}，位于 {commit}）已在本机且完整：{folder}"
    ),
    "{names} ({size}; {before} came before)": "{names}（{size}；其余 {before} 已下载）",
    "{names} and {count} more": "{names} 以及另外 {count} 个",
    # checking
    "Run: torso repair {folder}": "请运行：torso repair {folder}",
    "{path} has {found} bytes; it should have {wanted}.": "{path} 有 {found} 字节，应为 {wanted} 字节。",
    "{path} has the right size and other content: its hash is {found}, not {wanted}.": (
        "{path} 大小正确而内容不对：哈希是 {found}，应为 {wanted}。"
    ),
    "{name} is not on this machine.": "{name} 不在本机。",
    "Get it: torso get {name}   (torso list shows what is here)": (
        "请下载：torso get {name}（torso list 列出本机已有的模型）"
    ),
    # destination
    "{path} is there and is another file than {name} of the model.": "{path} 已存在，且与模型中的 {name} 不是同一个文件。",
    "Choose another folder, or replace it: --force": "请换一个文件夹，或用 --force 替换它",
    # download
    "another process is fetching {name}; waiting for it.": "另一个进程正在下载 {name}，等待其完成。",
    "The disk has no room for {path}. What has arrived is kept.": "磁盘放不下 {path}。已下载的部分保留。",
    "Free some space and run the same command again, or choose another disk: HF_HUB_CACHE, or --to FOLDER": (
        "请腾出空间后重新运行同一命令，或换一块磁盘：HF_HUB_CACHE 或 --to FOLDER"
    ),
    "{path} cannot be written: {reason}.": "无法写入 {path}：{reason}。",
    "Choose a folder you may write to: HF_HUB_CACHE, or --to FOLDER": (
        "请选择有写权限的文件夹：HF_HUB_CACHE 或 --to FOLDER"
    ),
    "Set TORSO_SOURCE instead, or name another file by TORSO_SETTINGS.": (
        "请改为设置 TORSO_SOURCE，或用 TORSO_SETTINGS 指定另一个文件。"
    ),
    "{name}: what has arrived is kept. To go on, ask for it again.": "{name}：已下载的部分保留。再次请求即可继续。",
    "No source could give {name}: {reasons}": "没有任何来源能提供 {name}：{reasons}",
    "Check the network, or choose a source: --source hf, hf-mirror, modelscope or an address": (
        "请检查网络，或指定来源：--source hf、hf-mirror、modelscope 或一个网址"
    ),
    "{path} arrived whole and wrong: its hash is {found}, and should be {wanted}.": (
        "{path} 下载完整但内容不对：哈希是 {found}，应为 {wanted}。"
    ),
    "From {servers}.": "来自 {servers}。",
    "Nothing was kept. Choose another source: --source hf-mirror, --source modelscope, or --source hf": (
        "没有保留任何内容。请换一个来源：--source hf-mirror、--source modelscope 或 --source hf"
    ),
    # evidence
    "the listing of the hub": "仓库的文件清单",
    "the names of the blobs": "缓存中以哈希命名的文件",
    "the records of hf download": "hf download 的记录",
    # failure
    "its certificate is not valid yet: is this machine's clock right?": "其证书尚未生效：本机的时钟准确吗？",
    "its certificate has expired": "其证书已过期",
    "its certificate is self-signed": "其证书是自签名的",
    "its certificate comes from an authority this machine does not know": "其证书由本机不认识的机构签发",
    "its certificate is for another name": "其证书属于另一个域名",
    "its certificate is for another address": "其证书属于另一个地址",
    "the handshake failed ({reason})": "握手失败（{reason}）",
    "Check the network, or choose another source: --source hf-mirror or --source modelscope": (
        "请检查网络，或换一个来源：--source hf-mirror 或 --source modelscope"
    ),
    "{host} cannot be trusted: {cause}.": "不能信任 {host}：{cause}。",
    "Behind a company's proxy, name its certificates: SSL_CERT_FILE=/path/to/bundle.pem": (
        "如果在公司代理之后，请指定其证书：SSL_CERT_FILE=/path/to/bundle.pem"
    ),
    "The name {host} has no address: it is misspelt, or there is no network.": (
        "域名 {host} 解析不到地址：拼写有误，或没有网络。"
    ),
    "{host} did not answer in {seconds} s.": "{host} 在 {seconds} 秒内没有应答。",
    "{host} cannot be reached: {reason}.": "无法连接 {host}：{reason}。",
    "The connection to {host} was lost: {reason}.": "与 {host} 的连接中断：{reason}。",
    "{host} refuses more requests for now ({status}); it asks to wait {wait}.": (
        "{host} 暂时拒绝更多请求（{status}），要求等待 {wait}。"
    ),
    "Wait, log in (HF_TOKEN), or choose another source: --source hf-mirror or --source modelscope": (
        "请等待、登录（HF_TOKEN），或换一个来源：--source hf-mirror 或 --source modelscope"
    ),
    "{host} has a fault of its own ({status}).": "{host} 自身出现故障（{status}）。",
    "{host} answered {status} to {path}.": "{host} 对 {path} 的应答是 {status}。",
    "{host} gave an answer that cannot be used: {reason}.": "{host} 的应答无法使用：{reason}。",
    "Choose another source: --source hf-mirror, --source modelscope, or the address of a mirror": (
        "请换一个来源：--source hf-mirror、--source modelscope 或某个镜像的网址"
    ),
    "The proxy wants a name and a password (407).": "代理要求用户名和密码（407）。",
    "The proxy {proxy} cannot be used: {reason}.": "代理 {proxy} 无法使用：{reason}。",
    "Asked for {host}.": "访问的是 {host}。",
    "Set HTTPS_PROXY=http://name:password@proxy:port, or NO_PROXY for hosts reached directly.": (
        "请设置 HTTPS_PROXY=http://用户名:密码@代理:端口；可直连的主机写入 NO_PROXY。"
    ),
    # fetching
    "{why} Asking the next source.": "{why}改问下一个来源。",
    "{why} Trying again in {wait} s.": "{why}{wait} 秒后重试。",
    "{server} has another version of {path}: {found}, wanted {wanted}.": (
        "{server} 上的 {path} 是另一个版本：{found}，需要的是 {wanted}。"
    ),
    "Choose another source, or get the newest version: --update": "请换一个来源，或获取最新版本：--update",
    "{server} says that {path} has {found} bytes; it has {size}.": (
        "{server} 说 {path} 有 {found} 字节，实际应有 {size} 字节。"
    ),
    "Choose another source: --source hf-mirror or --source modelscope": (
        "请换一个来源：--source hf-mirror 或 --source modelscope"
    ),
    "{server} ended {path} at byte {position} of {size}.": "{server} 在第 {position} 字节处中断了 {path}（共 {size} 字节）。",
    "Run the same command again: what has arrived is kept.": "请重新运行同一命令：已下载的部分保留。",
    "{server} sent less than {rate} bytes a second.": "{server} 每秒发送不足 {rate} 字节。",
    "What has arrived is kept. Run the same command later, or choose a source: --source hf-mirror": (
        "已下载的部分保留。请稍后重新运行同一命令，或指定来源：--source hf-mirror"
    ),
    "{host} is not a hub: it answered with a web page where a file was asked for.": (
        "{host} 不是模型仓库：请求的是文件，应答却是网页。"
    ),
    "A network may want a login: open any page in a browser. Else check the address of the hub.": (
        "当前网络可能需要登录：请在浏览器中打开任意网页。否则请检查仓库的网址。"
    ),
    # folder
    "{path} cannot be read: {reason}.": "无法读取 {path}：{reason}。",
    "{path} is a Git LFS pointer ({here} bytes); the file itself ({size}) was never downloaded.": (
        "{path} 只是一个 Git LFS 指针（{here} 字节），文件本身（{size}）从未下载。"
    ),
    "{path} is a web page that was saved under this name.": "{path} 是以该名保存的网页。",
    "{path} is what a browser or tool left of an unfinished download.": "{path} 是浏览器或工具未完成下载的残留。",
    "{path} has another name than the model's file {meant}.": "{path} 的名称与模型的文件 {meant} 不符。",
    "{path} is the pooling of a sentence model, and belongs into {meant}.": "{path} 是句向量模型的池化配置，应放在 {meant}。",
    "{path} is the pooling of a sentence model, and belongs into {meant}; the model's own is missing.": (
        "{path} 是句向量模型的池化配置，应放在 {meant}；模型自己的配置缺失。"
    ),
    "{path} was downloaded when {meant} was already there.": "下载 {path} 时 {meant} 已经存在。",
    "No loader reads it. Delete it when you like: {file}": "加载时不会读取它，可随时删除：{file}",
    "{path} is missing.": "缺少 {path}。",
    "Rename it: {source} to {target}": "请改名：{source} 改为 {target}",
    # git
    "git is not on this machine.": "本机没有 git。",
    "Install git, or get the model without it: torso get org/name": "请安装 git，或不用 git 下载：torso get org/name",
    "git {command} failed: {said}.": "git {command} 失败：{said}。",
    "Check the address, and whether the repository is public: torso get --git https://host/org/name": (
        "请检查网址，以及仓库是否公开：torso get --git https://host/org/name"
    ),
    "{host} has a pointer to {path}, and not the object itself.": "{host} 只有 {path} 的指针，没有文件本身。",
    "Get the model from another place: torso get org/name --source hf": "请从别处下载：torso get org/name --source hf",
    # huggingface
    "{name} is gated: its owner wants its terms accepted, and {host} does not see that you did.": (
        "{name} 需要授权：所有者要求先接受条款，而 {host} 没有看到你已接受。"
    ),
    "Accept them at {endpoint}/{name} while logged in, then set HF_TOKEN to a token of that account.": (
        "请登录后在 {endpoint}/{name} 接受条款，再把 HF_TOKEN 设为该账号的令牌。"
    ),
    "{host} lists {path} for {name}, and does not have it.": "{host} 的清单中有 {name} 的 {path}，却没有这个文件。",
    "{name} is on {host}, but has no revision {revision}.": "{host} 上有 {name}，但没有版本 {revision}。",
    "It has: {known}.": "它有：{known}。",
    "Name one of these, or the 40 digits of a commit: {name}@main": "请写其中之一，或 40 位的提交号：{name}@main",
    "{host} has disabled {name}.": "{host} 已停用 {name}。",
    "Choose another model.": "请换一个模型。",
    "{host} does not let you have {name} (403).": "{host} 不允许你获取 {name}（403）。",
    "Ask its owner, or set HF_TOKEN to a token that may read it.": "请联系所有者，或把 HF_TOKEN 设为有读取权限的令牌。",
    "{name} was not found on {host}.": "在 {host} 上找不到 {name}。",
    "The name is misspelt, this mirror does not carry it, or {endpoint} is not the address of a hub.": (
        "可能是名称拼写有误、该镜像没有收录，或 {endpoint} 不是模型仓库的网址。"
    ),
    "Check the name; another source may have it: --source hf, --source hf-mirror or --source modelscope": (
        "请检查名称；别的来源可能有：--source hf、--source hf-mirror 或 --source modelscope"
    ),
    "{host} has no {name} that your token may see.": "{host} 上没有你的令牌可见的 {name}。",
    "Check the name; for a private model, set HF_TOKEN to one of an account that may read it.": (
        "请检查名称；若是私有模型，请把 HF_TOKEN 设为有读取权限的账号的令牌。"
    ),
    "{host} has no public model called {name}.": "{host} 上没有名为 {name} 的公开模型。",
    "Asked: {endpoint}/{name}": "查询的是：{endpoint}/{name}",
    "Check the name. If it is private, set HF_TOKEN; other servers than huggingface.co get it only if "
    "TORSO_TRUSTED_ENDPOINTS names them.": (
        "请检查名称。若是私有模型，请设置 HF_TOKEN；除 huggingface.co 外，只有 TORSO_TRUSTED_ENDPOINTS 列出的服务器才会收到令牌。"
    ),
    "{host} refused your token (401). {name} is public and needs none.": (
        "{host} 拒绝了你的令牌（401）。{name} 是公开的，不需要令牌。"
    ),
    "Remove the token (unset HF_TOKEN, or hf auth logout), or log in again.": (
        "请去掉令牌（取消 HF_TOKEN，或 hf auth logout），或重新登录。"
    ),
    "{host} refused your token (401).": "{host} 拒绝了你的令牌（401）。",
    "Set HF_TOKEN to a valid one from {endpoint}/settings/tokens, or log in again: hf auth login": (
        "请把 HF_TOKEN 设为 {endpoint}/settings/tokens 中的有效令牌，或重新登录：hf auth login"
    ),
    # inventory
    "{name} is a folder of yours; only models in a cache are removed.": "{name} 是你自己的文件夹；只能移除缓存中的模型。",
    "Delete the folder yourself. What is in the caches: torso list": "请自行删除该文件夹。查看缓存中的模型：torso list",
    "Looked in: {looked}.": "查找过：{looked}。",
    "{name} is being fetched by another process.": "另一个进程正在下载 {name}。",
    "Wait for it, or stop it, and run the same command again.": "请等它完成或停止它，然后重新运行同一命令。",
    "{path} cannot be removed: {reason}.": "无法移除 {path}：{reason}。",
    "Check its permissions.": "请检查其权限。",
    # listing
    "{host} lists more than a model can be: {found}.": "{host} 列出的内容超出了一个模型的可能：{found}。",
    "Choose another source, or check the name.": "请换一个来源，或检查名称。",
    "{host} lists a file {path}, which is refused: {reason}.": "{host} 列出的文件 {path} 被拒绝：{reason}。",
    "Get the model from a source you trust: --source hf": "请从可信的来源下载：--source hf",
    "it is listed twice": "它被列出两次",
    "it is listed as a file and as a folder": "它既被列为文件又被列为文件夹",
    "it differs from another only in capitals": "它与另一个文件只有大小写不同",
    "it is too long, or empty": "它太长，或是空的",
    "it holds what no file name may": "它含有文件名不能有的字符",
    "it is absolute": "它是绝对路径",
    "it leads out of its folder": "它指向文件夹之外",
    "it means a device or another file on Windows": "它在 Windows 上表示设备或另一个文件",
    "it is the cache's own": "它是缓存自用的",
    # lockfile
    "{path} is not a lock of torso: {reason}.": "{path} 不是 torso 的锁定文件：{reason}。",
    "Delete it, or get the folder again: torso get NAME --to {folder}": (
        "请删除它，或重新获取该文件夹：torso get NAME --to {folder}"
    ),
    # modelscope
    "Look at its branches and tags: {endpoint}/models/{name}/files. The default is {default}.": (
        "请查看其分支和标签：{endpoint}/models/{name}/files。默认是 {default}。"
    ),
    "{host} has no public model called {name} with a revision {revision}.": (
        "{host} 上没有名为 {name}、版本为 {revision} 的公开模型。"
    ),
    "Look at {endpoint}/models: ids differ between hubs. If it is private, set MODELSCOPE_API_TOKEN.": (
        "请查看 {endpoint}/models：各仓库的模型 id 不尽相同。若是私有模型，请设置 MODELSCOPE_API_TOKEN。"
    ),
    "{host} lists only the first {limit} files of {folder} in {name}.": (
        "{host} 只列出 {name} 的 {folder} 中前 {limit} 个文件。"
    ),
    "Get it by git: torso get --git {endpoint}/{name}.git": "请用 git 获取：torso get --git {endpoint}/{name}.git",
    # planning
    "{name} is there, and holds no files.": "{name} 存在，但没有文件。",
    "{origin}": "{origin}",
    "Check the name, or ask for another revision: {name}@REVISION": "请检查名称，或指定别的版本：{name}@REVISION",
    "{name} has no file that is asked for. It has: {files}.": "{name} 没有所要的文件。它有：{files}。",
    "Name them: --include PATTERN, or --all": "请指明：--include PATTERN 或 --all",
    "{name} needs {need} more, and the disk of {folder} has {free}. Nothing was fetched.": (
        "{name} 还需要 {need}，而 {folder} 所在的磁盘只剩 {free}。没有下载任何内容。"
    ),
    "Free some space (see: torso list), or choose another disk: HF_HUB_CACHE, or --to FOLDER": (
        "请腾出空间（参见 torso list），或换一块磁盘：HF_HUB_CACHE 或 --to FOLDER"
    ),
    # repairing
    "{count} files of {folder} are broken or missing, and nothing in it says which model it is.": (
        "{folder} 中有 {count} 个文件损坏或缺失，而其中没有任何内容说明它是哪个模型。"
    ),
    "{names}": "{names}",
    "Name the model: torso repair {folder} --from org/name": "请指明模型：torso repair {folder} --from org/name",
    "{count} files of {folder} must be fetched, and no network may be used.": (
        "{folder} 中有 {count} 个文件需要下载，但不允许使用网络。"
    ),
    "Unset HF_HUB_OFFLINE, TRANSFORMERS_OFFLINE and TORSO_OFFLINE.": (
        "请取消 HF_HUB_OFFLINE、TRANSFORMERS_OFFLINE 和 TORSO_OFFLINE。"
    ),
    # resolution
    "{name} is a folder here, and holds no model; so the name could mean it, or a model of the Hub.": (
        "{name} 在这里是一个文件夹，但其中没有模型；这个名称既可能指它，也可能指仓库中的模型。"
    ),
    "For the model of the Hub: hf:{name}   For the folder: ./{name}": "仓库中的模型请写 hf:{name}，文件夹请写 ./{name}",
    "torso brings no model called {name}.": "torso 没有自带名为 {name} 的模型。",
    "It brings: {known}. For a model of the Hub, leave out torso:": "自带的有：{known}。仓库中的模型请去掉 torso:",
    "{name} is only partly on this machine, and no network may be used. Missing: {missing}.": (
        "{name} 在本机不完整，且不允许使用网络。缺少：{missing}。"
    ),
    "{folder}": "{folder}",
    "{name} is not on this machine, and no network may be used.": "{name} 不在本机，且不允许使用网络。",
    "On a connected machine: torso get {name} --to {last}   then copy it here and use ./{last}": (
        "在能上网的机器上运行：torso get {name} --to {last}，再复制到本机并使用 ./{last}"
    ),
    # settings
    "{path} has no setting called {key}.": "{path} 中没有名为 {key} 的设置。",
    "The settings are: {known}. Nearest: {nearest}.": "可用的设置有：{known}。最接近的是：{nearest}。",
    "{path}: {key} must be {kind}.": "{path}：{key} 必须是 {kind}。",
    "a list of texts": "文本列表",
    "a text": "文本",
    "Correct the file, or delete it to go back to the defaults.": "请改正该文件，或删除它以恢复默认设置。",
    "{variable} is {text}; it must be a number from {least} to {most}.": (
        "{variable} 是 {text}，必须是 {least} 到 {most} 之间的数。"
    ),
    "Set it to such a number, or unset it.": "请设为这样的数，或取消设置。",
    # source
    "A model is named by a text or a path, not by {kind}.": "模型用文本或路径指定，不能是 {kind}。",
    'Give a folder such as "./rbt3", or an id such as "hfl/rbt3".': "请给出文件夹如 “./rbt3”，或 id 如 “hfl/rbt3”。",
    "{text} names no model.": "{text} 不是模型的名称。",
    "{path} is a file, and a model is a folder.": "{path} 是文件，而模型是文件夹。",
    "Give the folder that it is in: {parent}": "请给出它所在的文件夹：{parent}",
    "There is no folder {path}. Near it: {near}.": "没有文件夹 {path}。相近的有：{near}。",
    "There is no folder {path}.": "没有文件夹 {path}。",
    "Correct the path; for a model of the Hub, give its id: org/name": "请改正路径；仓库中的模型请写其 id：org/name",
    "{text} is neither a folder here nor an id that a hub can have.": "{text} 既不是这里的文件夹，也不是仓库可能有的 id。",
    'An id is "org/name": letters, digits, "-", "_" and ".". A folder that is meant must exist: "./name".': (
        "id 的形式是 “org/name”：字母、数字、“-”、“_” 和 “.”。若指文件夹，它必须存在：“./name”。"
    ),
    "{text} is not the address of a model on a hub that torso knows.": "{text} 不是 torso 所知仓库中模型的网址。",
    "For a mirror: torso get org/name --source URL. For a git repository: git+URL": (
        "镜像请用：torso get org/name --source URL；git 仓库请用：git+URL"
    ),
    "{text} is not an address that git may fetch from here: https://host/path, without a user name.": (
        "{text} 不是这里允许 git 获取的网址：应为 https://host/path，且不带用户名。"
    ),
    "Give: git+https://host/org/name": "请写成：git+https://host/org/name",
    "Two revisions are asked for: {first} in the name and {second} as an argument.": (
        "指定了两个版本：名称中的 {first} 和参数中的 {second}。"
    ),
    "Leave one of them out.": "请去掉其中一个。",
    "{name} is a folder and holds one version; it has no revision {revision}.": (
        "{name} 是文件夹，只有一个版本，没有版本 {revision}。"
    ),
    "Leave the revision out, or give the id of a model on a hub.": "请去掉版本，或给出仓库中模型的 id。",
    "{revision} cannot be a branch, tag or commit.": "{revision} 不可能是分支、标签或提交。",
    'Give one such as "main", "v1.0" or the 40 digits of a commit.': "请给出如 “main”、“v1.0” 或 40 位的提交号。",
    # sources
    "{entry} is not a source.": "{entry} 不是来源。",
    "The sources are: {names}, or the address of a server: https://host. Nearest: {nearest}.": (
        "来源有：{names}，或服务器的网址：https://host。最接近的是：{nearest}。"
    ),
    # tokens
    "A token is required, and this machine has none.": "需要令牌，而本机没有。",
    "Set HF_TOKEN, or log in: hf auth login": "请设置 HF_TOKEN，或登录：hf auth login",
    "The token holds spaces, line ends or other characters that no token has.": "令牌含有空格、换行或其他不应有的字符。",
    "Copy it again from https://huggingface.co/settings/tokens": "请从 https://huggingface.co/settings/tokens 重新复制",
    # web
    "{host} is not a hub: it answered with {kind} where a hub answers with JSON.": (
        "{host} 不是模型仓库：应答是 {kind}，而仓库应答的是 JSON。"
    ),
    "A proxy of the kind {kind} cannot be used.": "不支持 {kind} 类型的代理。",
    "Set HTTPS_PROXY to an HTTP proxy: http://proxy:port": "请把 HTTPS_PROXY 设为 HTTP 代理：http://代理:端口",
    "{variable} names {path}, which holds no certificates that can be read: {reason}.": (
        "{variable} 指向 {path}，其中没有可读取的证书：{reason}。"
    ),
    "Correct or unset {variable}.": "请改正或取消 {variable}。",
    "{host} redirects to {target}, which is refused: {reason}.": "{host} 重定向到 {target}，已拒绝：{reason}。",
    "it leads in a circle": "重定向成环",
    "it is no address": "它不是网址",
    "it is not an address of the web": "它不是网页地址",
    "it leaves https for http": "它从 https 退到 http",
    "it leads into a private network": "它指向内部网络",
}
