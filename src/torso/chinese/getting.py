"""Chinese forms of what the commands get, check, repair, list and remove print."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    # get
    "Download a model, whole and verified, and print the folder it is in.": "下载模型，保证完整并经过校验，最后打印其所在文件夹。",
    "What is on this machine already is not fetched again, and an interrupted download goes on where it "
    "stopped: run the same command. The model goes into the cache that the Hub's own tools use, or with "
    "--to into a plain folder that every tool can load. One weight format is taken (safetensors, else "
    ".bin); what is left out is named.": (
        "本机已有的内容不会重复下载；中断的下载会从断点继续：重新运行同一命令即可。模型存入仓库官方工具所用的"
        "缓存；用 --to 则存成普通文件夹，任何工具都能加载。只取一种权重格式（safetensors，否则 .bin），未取的"
        "文件会列出。"
    ),
    "NAME is org/name, name@revision, modelscope:org/name, or the address of a model's page.": "NAME 可以是 org/name、name@版本、modelscope:org/name，或模型页面的网址。",
    "Without --source, huggingface.co is asked, then hf-mirror.com, then ModelScope. For another in every call, "
    'set TORSO_SOURCE=hf-mirror, or say it once with --remember, which writes {"source": "hf-mirror"} into '
    "~/.config/torso/settings.json.": (
        "不写 --source 时，依次询问 huggingface.co、hf-mirror.com、魔搭（ModelScope）。要让每次调用都用别的来源，请设置 "
        "TORSO_SOURCE=hf-mirror，或用 --remember 记住一次：它写入 ~/.config/torso/settings.json 这个设置文件，"
        '内容是 {"source": "hf-mirror"}。'
    ),
    "--git takes the files of a git repository, each verified, and no .git beside them, so that nothing is kept twice. "
    "A clone that you have is a model like any other folder: torso check and torso repair know it.": (
        "--git 取 git 仓库中的文件，逐一校验，不留 .git，因此没有重复的副本。已有的 git 克隆与普通模型文件夹一样使用："
        "torso check 和 torso repair 都认得它。"
    ),
    """\
\b
Examples:
  torso get hfl/rbt3                      into the cache
  torso get hfl/rbt3 --to rbt3            as a plain folder, to copy to another machine
  torso get hfl/rbt3 --source hf-mirror   from a mirror; with --remember, all later ones too
  torso get modelscope:Qwen/Qwen3-0.6B    from ModelScope
  torso get hfl/rbt3 --dry-run            what would be fetched, and how much
  torso get --git https://huggingface.co/hfl/rbt3   by git; git-lfs is not needed""": """\
\b
示例：
  torso get hfl/rbt3                      存入缓存
  torso get hfl/rbt3 --to rbt3            存成普通文件夹，便于复制到别的机器
  torso get hfl/rbt3 --source hf-mirror   从镜像下载；加 --remember 则以后都用它
  torso get modelscope:Qwen/Qwen3-0.6B    从魔搭（ModelScope）下载
  torso get hfl/rbt3 --dry-run            只看会下载什么、有多大
  torso get --git https://huggingface.co/hfl/rbt3   用 git 下载，不需要 git-lfs""",
    "Make a plain folder instead of using the cache.": "存成普通文件夹，而不是存入缓存。",
    "Branch, tag or commit.": "分支、标签或提交。",
    "auto, hf, hf-mirror, modelscope, or an address.": "auto、hf、hf-mirror、modelscope，或一个网址。",
    "Use this SOURCE from now on, wherever none is named.": "记住此 SOURCE，以后凡未写明来源都用它。",
    "{first} and {second} cannot be used together.": "{first} 和 {second} 不能一起使用。",
    "{name} says itself where the model is; {option} would do nothing.": "{name} 已写明模型在哪里，{option} 不会起作用。",
    "--remember needs --source.": "--remember 需要与 --source 合用。",
    "torso: models come from {source} from now on; saved in {path}": "torso: 以后的模型来自 {source}；已存入 {path}",
    "Look whether the branch has moved, and fetch what changed.": "查看分支是否有更新，并下载变化的文件。",
    "Everything but the weights.": "除权重以外的所有文件。",
    "Take these files only, such as '*.json'.": "只取这些文件，如 '*.json'。",
    "Leave these files.": "不取这些文件。",
    "Take every file, of every framework.": "取所有框架的所有文件。",
    "Prefer pytorch_model.bin to safetensors.": "优先取 pytorch_model.bin，而不是 safetensors。",
    "NAME is the address of a git repository.": "NAME 是 git 仓库的网址。",
    "Fetch again what is here; with --to, replace files that differ.": "重新下载已有的文件；与 --to 合用时替换不同的文件。",
    "Use no network.": "不使用网络。",
    "Fetch nothing; say what would be.": "不下载，只说明会下载什么。",
    "torso: {name} is already here ({origin}).": "torso: {name} 已在本机（{origin}）。",
    "hub cache": "Hub 缓存",
    "modelscope cache": "魔搭（ModelScope）缓存",
    "torso: stopped. What has arrived is kept. To go on: {again}": "torso: 已停止。已下载的部分保留。继续请运行：{again}",
    "Nothing to fetch: {name} is here, in {folder}": "无需下载：{name} 已在 {folder}",
    # check
    "Check whether a model on this machine is whole and right. No network is used.": "检查本机的模型是否完整、正确。不使用网络。",
    "Every file is read. Where a lock, the cache or a clone tells its hash, the content is verified; "
    "else its form is, and that is said. Ends with status 1 if anything is wrong.": "逐个读取文件。锁定文件、缓存或 git 克隆给出哈希的，校验内容；否则检查格式，并予以说明。有任何问题则以状态 1 结束。",
    """\
\b
Examples:
  torso check hfl/rbt3
  torso check ./rbt3""": """\
\b
示例：
  torso check hfl/rbt3
  torso check ./rbt3""",
    "wrong: {what}": "有问题：{what}",
    "beside it: {what}": "另外：{what}",
    "folder": "文件夹",
    "bundled": "内置模型",
    "verified by hash: {count} files, known from {teller}": "已按哈希校验 {count} 个文件（依据：{teller}）",
    "looks right, but no hash of it is known here: {names}": "看起来正确，但本机不知道其哈希：{names}",
    "pointers of files that the model does not need: {names}": "模型不需要的文件的指针：{names}",
    "{name} is whole: {folder}": "{name} 完整：{folder}",
    "{name} is not whole: {folder}": "{name} 不完整：{folder}",
    # repair
    "Fetch again what is damaged or missing in a model, and nothing else.": "重新下载模型中损坏或缺失的文件，其余不动。",
    "Git LFS pointers, half files, web pages saved under a file's name and wrong contents are replaced "
    "by the files themselves, each verified. Your own other files are never touched.": "Git LFS 指针、残缺的文件、以文件名保存的网页、内容不对的文件，都换成文件本身，并逐一校验。你自己的其他文件绝不触碰。",
    """\
\b
Examples:
  torso repair hfl/rbt3
  torso repair ./rbt3                    a clone, or a folder made by torso
  torso repair ./rbt3 --from hfl/rbt3    a folder that a browser made""": """\
\b
示例：
  torso repair hfl/rbt3
  torso repair ./rbt3                    git 克隆，或 torso 生成的文件夹
  torso repair ./rbt3 --from hfl/rbt3    用浏览器下载的文件夹""",
    "The model's name on a hub, for a folder that does not say it.": "模型在仓库中的名称，用于没有说明来源的文件夹。",
    "fetched again: {names}": "已重新下载：{names}",
    # list
    "List the models on this machine: those of the Hub's cache, whoever fetched them, and of ModelScope's.": "列出本机的模型：仓库缓存中的（不论由谁下载），以及魔搭（ModelScope）缓存中的。",
    """\
\b
Examples:
  torso list
  torso list --json""": """\
\b
示例：
  torso list
  torso list --json""",
    "No model is in a cache on this machine. Get one: torso get org/name": "本机缓存中没有模型。请下载：torso get org/name",
    "whole": "完整",
    "lacks {names}": "缺少 {names}",
    "name": "名称",
    "size": "大小",
    "cache": "缓存",
    "revision": "版本",
    "state": "状态",
    "last used": "上次使用",
    # remove
    "Remove a model from the cache, with the contents that no other revision of it needs.": "从缓存中移除模型，连同其他版本不需要的内容。",
    "Folders of your own are never removed. --parts removes what unfinished downloads left.": "你自己的文件夹绝不移除。--parts 移除未完成下载的残留。",
    """\
\b
Examples:
  torso remove hfl/rbt3
  torso remove hfl/rbt3 --revision v1.0
  torso remove --parts""": """\
\b
示例：
  torso remove hfl/rbt3
  torso remove hfl/rbt3 --revision v1.0
  torso remove --parts""",
    "Only this branch, tag or commit.": "只移除该分支、标签或提交。",
    "Remove what unfinished downloads left.": "移除未完成下载的残留。",
    "Do not ask.": "不询问。",
    "Remove nothing; say what would be.": "不移除，只说明会移除什么。",
    "Name a model, or --parts.": "请写明模型，或 --parts。",
    "Remove {names} ({size})?": "移除 {names}（{size}）？",
    "Would free {size}.": "将释放 {size}。",
    "Freed {size}.": "已释放 {size}。",
}
