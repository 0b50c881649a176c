"""Chinese words of the command line: its tables, messages and the tour; `cli_help` has its help."""

TEXTS: dict[str, str] = {
    # errors, and how a call ended
    "where": "位置",
    "cure": "办法",
    "code": "代码",
    "help": "帮助",
    "stopped.": "已停止。",
    "this is a fault of torso: {kind}: {error}": "这是 torso 自身的错误：{kind}: {error}",
    "please report it, with what this prints: TORSO_DEBUG=1 torso {arguments}": (
        "请报告此问题，并附上以下命令的输出：TORSO_DEBUG=1 torso {arguments}"
    ),
    "Standard output cannot be written: {reason}. What was printed is not whole.": (
        "无法写入标准输出：{reason}。已输出的内容不完整。"
    ),
    "Free some space, or send the output elsewhere.": "请腾出空间，或把输出送往别处。",
    "Send the output elsewhere: > FILE": "请把输出送往别处：> FILE",
    "This process may use {limit} bytes of memory; PyTorch alone takes {needed}.": (
        "本进程最多可用 {limit} 字节内存；仅 PyTorch 就需要 {needed}。"
    ),
    "Raise the limit: ulimit -v unlimited": "请提高限制：ulimit -v unlimited",
    "There is not enough memory for this command.": "内存不足，无法执行此命令。",
    "End other programs, raise the limit (ulimit -v), or give fewer or shorter texts.": (
        "请结束其他程序、提高限制（ulimit -v），或减少、缩短文本。"
    ),
    "There is no option {name}.": "没有选项 {name}。",
    "There is no option {name}. Did you mean {nearest}?": "没有选项 {name}。您是否想用 {nearest}？",
    "There is no command {name!r}.": "没有命令 {name!r}。",
    "There is no command {name!r}. Did you mean {nearest}?": "没有命令 {name!r}。您是否想用 {nearest}？",
    "{name} is missing.": "缺少 {name}。",
    # texts given to commands
    "Texts are given twice: as arguments, and with --file {file}.": "文本给了两次：命令行参数和 --file {file}。",
    "Leave one of them out.": "请去掉其中一个。",
    "No text is given: write it as an argument, name a file of lines with --file, or pipe lines in.": (
        "没有给出文本：请写成参数，或用 --file 指定每行一条的文件，或用管道传入。"
    ),
    "There is no file {file}.": "没有文件 {file}。",
    "Correct the path; the file holds one text per line, in UTF-8.": "请更正路径；文件每行一条文本，UTF-8 编码。",
    "Line {number} of {file} is not {encoding}: byte {byte}.": "{file} 第 {number} 行不是 {encoding}：字节 {byte}。",
    "It reads as the Chinese encoding of Windows and Excel: --encoding gb18030": (
        "看来是 Windows 和 Excel 的中文编码：--encoding gb18030"
    ),
    "Name its encoding, such as --encoding gb18030, or save it as UTF-8.": (
        "请指定编码，例如 --encoding gb18030，或另存为 UTF-8。"
    ),
    "There is no encoding {name}.": "没有 {name} 这种编码。",
    "Use utf-8, gb18030, utf-16, big5, shift_jis or another one of Python's.": (
        "请用 utf-8、gb18030、utf-16、big5、shift_jis 或 Python 支持的其他编码。"
    ),
    "Encoding of the file, such as gb18030; otherwise UTF-8, or as its byte order mark says.": (
        "文件的编码，例如 gb18030；默认为 UTF-8，或以字节顺序标记为准。"
    ),
    "--csv and --output cannot be used together: the ending of FILE tells its form.": (
        "--csv 与 --output 不能同时使用：格式由 FILE 的后缀决定。"
    ),
    "--pair and two columns cannot be used together.": "--pair 与两列不能同时使用。",
    "There is no text in {file}.": "{file} 中没有文本。",
    "{count} columns are named; a text is one, and a pair of texts two.": (
        "指定了 {count} 列；一条文本是一列，一对文本是两列。"
    ),
    "Name one or two: --column text": "请指定一列或两列：--column text",
    "Line {number} of {file} names the column {column} twice, so it could mean either.": (
        "{file} 第 {number} 行两次出现列 {column}，无法确定是哪一列。"
    ),
    "Rename one of them.": "请给其中之一改名。",
    "Write the missing fields, empty ones too; a text with a line end goes into quotes in a .csv.": (
        "请补上缺少的字段，空字段也要写；含换行的文本请放在 .csv 中并加引号。"
    ),
    "Line {number} of {file} has more than {limit} characters.": "{file} 第 {number} 行超过 {limit} 个字符。",
    "One text per line: put line ends between the texts.": "每行一条文本：请在文本之间换行。",
    "{path} does not end in .npy or .jsonl.": "{path} 的后缀不是 .npy 或 .jsonl。",
    "Name the file so: --output vectors.npy": "请这样命名：--output vectors.npy",
    # tables
    "texts": "文本数",
    "token": "词元",
    "id": "编号",
    "span": "位置",
    "text": "文本",
    "label": "标签",
    "score": "分数",
    "now": "现在",
    "then": "改后",
    "absent": "无",
    "{size} tokens.": "共 {size} 个词元。",
    "{size} tokens; the model takes {limit}.": "共 {size} 个词元；模型最多接受 {limit} 个。",
    "{size} tokens; the model takes {limit}, so it would refuse this text.": (
        "共 {size} 个词元；模型最多接受 {limit} 个，因此会拒绝这条文本。"
    ),
    "Nothing in this text has a label.": "这条文本中没有带标签的部分。",
    "{size} numbers, {pooling} of {tokens} tokens": "{size} 个数，{tokens} 个词元的 {pooling}",
    "length 1": "长度为 1",
    "not normalized": "未归一化",
    "{path}: {count} vectors of {size} numbers.": "{path}：{count} 个向量，每个 {size} 个数。",
    # config
    "--set {change!r} has no value: write KEY=VALUE.": "--set {change!r} 没有值：请写成 KEY=VALUE。",
    "--set and --diff cannot be used together.": "--set 与 --diff 不能同时使用。",
    "Nothing changes.": "没有任何变化。",
    "The weights can follow. Nothing was written; in Python: {call}": (
        "权重可以适应。没有写入任何文件；在 Python 中：{call}"
    ),
    "The weights are not on this machine, so sizes were not held to them.": "本机没有权重，未与权重核对尺寸。",
    "No parameter differs.": "没有不同的参数。",
    "The config would say {name} = {said}; the head in the weights has {found}.": (
        "配置将写明 {name} = {said}；而权重中的任务头有 {found} 个。"
    ),
    "For a new head, to be trained: torso.load(..., num_labels={said}, new_head=True).": (
        "如需新建待训练的任务头：torso.load(..., num_labels={said}, new_head=True)。"
    ),
    # the tour
    "Where the model comes from": "模型从哪里来",
    "It comes with torso.": "随 torso 自带。",
    "It is a folder on this machine.": "本机上的文件夹。",
    "It is in the Hub's cache on this machine.": "在本机的 Hub 缓存中。",
    "It is in ModelScope's cache on this machine.": "在本机的 ModelScope 缓存中。",
    "It was downloaded to this machine.": "已下载到本机。",
    "Revision {revision}.": "版本 {revision}。",
    "the config": "配置",
    "the tokenizer, whole": "完整的分词器",
    "the vocabulary": "词表",
    "how texts are prepared": "文本如何预处理",
    "names of the special tokens": "特殊词元的名字",
    "the weights": "权重",
    "the weights, a part of them": "权重的一部分",
    "the model card": "模型说明",
    "how one vector is made of a text": "如何把文本变成一个向量",
    "the log of its training": "训练记录",
    "not used": "未使用",
    "Its config, in short": "配置概要",
    "A {family} model of {weights} weights.": "{family} 模型，共 {weights} 个权重。",
    "The file keeps them as {saved}; on a CPU they run as float32 unless dtype= says else.": (
        "文件中以 {saved} 保存；在 CPU 上以 float32 运行，除非用 dtype= 另行指定。"
    ),
    "All of them, with defaults and meanings: {command}": "全部参数及其默认值和含义：{command}",
    "The text as tokens": "文本变成词元",
    "{count} tokens.": "共 {count} 个词元。",
    "{count} tokens of at most {limit}.": "共 {count} 个词元，最多 {limit} 个。",
    "... and {more} more.": "……另有 {more} 个。",
    "The model without a head": "不带任务头的模型",
    "Each token has gone through {layers} layers and is a row of {width} numbers.": (
        "每个词元经过 {layers} 层，成为一行 {width} 个数。"
    ),
    "last hidden state [{rows}, {width}]": "最后一层隐藏状态 [{rows}, {width}]",
    "pooled output [{width}]: one row for the whole text": "池化输出 [{width}]：整条文本一行",
    "There is no pooled output: this checkpoint holds no pooler, and none is made up.": (
        "没有池化输出：该检查点不含池化层，torso 不会凭空造一个。"
    ),
    "What attends to what": "谁注意谁",
    "Layer {layer}, the mean of {heads} heads. A row looks at its columns.": (
        "第 {layer} 层，{heads} 个头的平均。每一行看向各列。"
    ),
    "Brighter is more.": "越亮注意越多。",
    "Denser is more.": "越密注意越多。",
    "{share} of it rests on special tokens, less than in other layers looked at.": (
        "其中 {share} 落在特殊词元上，在看过的各层中最少。"
    ),
    "The first {count} of {all} tokens.": "共 {all} 个词元，只画前 {count} 个。",
    "The model with its head": "带任务头的模型",
    "This checkpoint holds no head for one text. A new one would be random, so none is shown.": (
        "该检查点没有适用于单条文本的任务头。新建的头是随机的，因此不展示。"
    ),
    "A second model: words and names": "第二个模型：分词与专名",
    "Next: torso classify, torso tag, torso fill, torso embed, torso config, each with --help.": (
        "接下来可试：torso classify、torso tag、torso fill、torso embed、torso config，均可加 --help。"
    ),
}
