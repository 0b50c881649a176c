"""Chinese messages about where models come from: hubs, mirrors, git, folders, and how they are named."""

TEXTS: dict[str, str] = {
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
    "{variable} is {entry}, with quotes that belong to its value; so it is not a source.": (
        "{variable} 的值是 {entry}，其中包含引号，因此不是来源。"
    ),
    "{variable} is {entry}, which is not a source.": "{variable} 的值是 {entry}，它不是来源。",
    "Set {variable}={meant}": "请设置 {variable}={meant}",
    "The sources are: {names}, or the address of a server: https://host.": (
        "可用的来源：{names}，或服务器网址：https://host。"
    ),
    "The sources are: {names}, or the address of a server: https://host. Nearest: {meant}.": (
        "来源有：{names}，或服务器的网址：https://host。最接近的是：{meant}。"
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
    "The proxy {proxy} refused the name and the password that were given (407).": (
        "代理 {proxy} 拒绝了给定的用户名和密码（407）。"
    ),
    "Correct them in HTTPS_PROXY or HTTP_PROXY: http://name:password@proxy:port, with %40 for @.": (
        "请在 HTTPS_PROXY 或 HTTP_PROXY 中改正：http://name:password@proxy:port，@ 写作 %40。"
    ),
    "{proxy} is not the address of a proxy.": "{proxy} 不是代理的地址。",
}
