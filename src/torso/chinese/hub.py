"""Chinese messages about downloading: what is fetched, checked, listed and repaired."""

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
    "Left out, being {reason}: {names}.": "不下载（属于{reason}）：{names}。",
    "a symbolic link": "符号链接",
    "a submodule": "子模块",
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
    "Check its permissions, or name another cache: HF_HUB_CACHE": "请检查其权限，或指定另一个缓存：HF_HUB_CACHE",
    "Set HOME to your own folder, or name another file by TORSO_SETTINGS.": (
        "请把 HOME 设为自己的文件夹，或用 TORSO_SETTINGS 指定另一个文件。"
    ),
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
    # gitobjects, gitprocess
    "git {version} is too old: {oldest} or newer is needed.": "git {version} 太旧：需要 {oldest} 或更新的版本。",
    "Update git, or get the model without it: torso get org/name": "请升级 git，或不用 git 下载：torso get org/name",
    "git {command} printed more than a model can be: over {limit} bytes.": (
        "git {command} 的输出超出任何模型的规模：超过 {limit} 字节。"
    ),
    "git {command} did not end within {seconds} s.": "git {command} 在 {seconds} 秒内没有结束。",
    "git {command} made no progress for {seconds} s.": "git {command} 在 {seconds} 秒内没有进展。",
    "Run the same command later, or get the model without git: torso get org/name": (
        "请稍后重新运行同一命令，或不用 git 下载：torso get org/name"
    ),
    "The git repository {folder} is damaged: it does not hold {path} as it says.": (
        "git 仓库 {folder} 已损坏：其中的 {path} 与记录不符。"
    ),
    "Get the model again: torso get --git https://host/org/name": (
        "请重新下载模型：torso get --git https://host/org/name"
    ),
    "A path in this repository has more than {limit} bytes.": "此仓库中有一个路径超过 {limit} 字节。",
    "{host} did not send {path} of {name}, although it is of this commit.": (
        "{host} 没有发送 {name} 的 {path}，而它属于这个提交。"
    ),
    # unread
    "{name} has no weights that torso reads ({wanted}). It has: {there}.": (
        "{name} 没有 torso 能读的权重（{wanted}）。现有：{there}。"
    ),
    "{name} has no weights: none of its files is {wanted}.": "{name} 没有权重：其中没有 {wanted}。",
    "Choose another model, or take its files as they are, for other tools: torso get {name} --all": (
        "请换一个模型，或原样下载它的文件供其他工具使用：torso get {name} --all"
    ),
    "of TensorFlow": "TensorFlow 格式",
    "of Flax": "Flax 格式",
    "of ONNX": "ONNX 格式",
    "of llama.cpp": "llama.cpp 格式",
    "of OpenVINO": "OpenVINO 格式",
    "of rust-bert": "rust-bert 格式",
    "of Core ML": "Core ML 格式",
    "of Paddle": "Paddle 格式",
    "of another framework": "其他框架的格式",
    "an adapter, without the model it belongs to": "适配器，不含其所属的模型",
    "under another name": "名称不同",
    "in a folder of its own": "在子文件夹中",
    # waiting
    "waiting for {host} to say what it has": "正在等待 {host} 列出文件",
    "waiting for {host} to list its branches and tags": "正在等待 {host} 列出分支和标签",
    "waiting for {host} to send what git keeps of the repository": "正在等待 {host} 发送 git 保存的内容",
    "{server} did not end within {limit} s.": "{server} 在 {limit} 秒内没有发送完。",
}
