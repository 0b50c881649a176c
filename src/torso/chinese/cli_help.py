"""Chinese help of the command line."""

TEXTS: dict[str, str] = {
    "Usage:": "用法：",
    "Options": "选项",
    "default": "默认",
    "env var": "环境变量",
    "Show this help.": "显示本帮助。",
    "Show the version.": "显示版本。",
    "Language of what is printed.": "输出所用的语言。",
    "Language of what is printed; otherwise TORSO_LANG, then the locale.": (
        "输出所用的语言；未指定时先看 TORSO_LANG，再看系统区域设置。"
    ),
    # what commands do, paragraph by paragraph
    "Examples:": "示例：",
    "torso: pretrained transformer models, got, inspected and run.": (
        "torso：获取、查看并运行预训练 Transformer 模型。"
    ),
    "A MODEL is a folder (./rbt3), an id of the Hub (hfl/rbt3), or a model that torso brings (torso:sentiment). What is "
    "on this machine is used without any network.": (
        "MODEL 可以是文件夹(./rbt3)、Hub 上的 id(hfl/rbt3)，或 torso 自带的模型(torso:sentiment)。"
        "本机已有的模型使用时不需要任何网络。"
    ),
    """\b
Begin here:
  torso tour                      one text through a model, stage by stage
  torso classify "这本书很好看"     a label
  torso config hfl/rbt3           every parameter, with its meaning
  torso COMMAND --help            what a command does, with examples""": """\b
从这里开始：
  torso tour                      一步一步看一条文本怎样通过模型
  torso classify "这本书很好看"     一个标签
  torso config hfl/rbt3           每个参数及其含义
  torso COMMAND --help            一个命令的用途和示例""",
    "Where the model comes from and which files it has; its config; the text as tokens; the hidden states and the "
    "pooled output without a head; a picture of the attention; what the head says. Each stage shows the two lines of "
    "Python that do the same. Without --model the models that torso brings are used, with no network.": (
        "模型从哪里来、有哪些文件；配置；文本变成词元；不带任务头的隐藏状态和池化输出；注意力图；任务头的结论。"
        "每一步都给出作用相同的两行 Python。不指定 --model 时使用 torso 自带的模型，不需要网络。"
    ),
    "Label texts: the likeliest label of each, with its probability.": "给文本分类：每条文本最可能的标签及其概率。",
    "One text is shown with every label, several as lines of label, score and text with tabs between.": (
        "一条文本时列出所有标签；多条时每行依次为标签、分数、文本，以制表符分隔。"
    ),
    "Find the parts of texts that a model labels: words with their parts of speech, persons, places.": (
        "找出文本中由模型标注的部分：词及其词性、人名、地名。"
    ),
    "One text is shown as a table with the place of each part, several as one line each of text/label. Places count "
    "characters of the text as it was given.": (
        "一条文本时以表格列出每一部分的位置；多条时每条一行，写作 文本/标签。位置按原文的字符计数。"
    ),
    "Show what could stand in place of [MASK] in texts, by a masked language model.": (
        "用掩码语言模型给出文本中 [MASK] 处可能的内容。"
    ),
    "A text may have several masks; each is judged with the others unknown. The mask is written as the model's "
    "tokenizer has it: [MASK] for a BERT.": (
        "一条文本可以有多个掩码，各自在其余掩码未知的情况下判断。掩码按模型分词器的写法：BERT 为 [MASK]。"
    ),
    "Make a vector of each text, for search, grouping and comparing.": "把每条文本变成向量，用于检索、聚类和比较。",
    "Show every parameter of a model: value, default, where the value came from, when it acts, what it means.": (
        "列出模型的每个参数：值、默认值、值的来源、何时起作用、含义。"
    ),
    '"shape" means that the weights follow it, "run" that results change, "train" that it matters in training alone, '
    '"-" that it changes nothing. --set shows what a change would do, and refuses what the weights cannot follow; '
    "nothing is written.": (
        "“影响”一列说明参数何时起作用：权重形状、运行结果、仅训练，或不起作用(-)。"
        "--set 显示修改的效果，并拒绝权重无法适应的修改；不会写入任何文件。"
    ),
    "Show texts as tokens: each with its id, and the characters of the text that it comes from.": (
        "把文本显示为词元：每个词元的 id，以及它来自原文的哪些字符。"
    ),
    "One text is shown as a table, several as one line each. The tokens are those that the model reads, special ones "
    "included; nothing is cut.": (
        "一条文本时显示表格，多条时每条一行。显示的就是模型读到的词元，包括特殊词元；不作任何截断。"
    ),
    # the list of commands
    "Run a model on texts": "用模型处理文本",
    "Look inside a model": "查看模型内部",
    "Models on this machine": "本机上的模型",
    "See one text go through a model, stage by stage.": "一步一步看一条文本怎样通过模型。",
    "Label texts.": "给文本分类。",
    "Find words, parts of speech and names in texts.": "找出文本中的词、词性和专名。",
    "Fill the [MASK] in texts.": "填出文本中的 [MASK]。",
    "Make a vector of each text.": "把每条文本变成向量。",
    "See, change on trial and compare a model's parameters.": "查看、试改、比较模型的参数。",
    "See texts as tokens, with ids and places.": "查看文本的词元、id 和位置。",
    "Download a model, whole and verified.": "下载模型，完整且经过校验。",
    "Check a model's files.": "检查模型的文件。",
    "Fetch again what is damaged or missing.": "重新下载损坏或缺失的文件。",
    "List the models on this machine.": "列出本机上的模型。",
    "Remove a model from this machine.": "从本机删除模型。",
    # options
    "Folder, id of the Hub, or torso:NAME.": "文件夹、Hub 上的 id，或 torso:名字。",
    "Folder, id of the Hub, or torso:NAME; the bundled models otherwise.": (
        "文件夹、Hub 上的 id，或 torso:名字；未指定时用自带的模型。"
    ),
    "Print one line of JSON per text.": "每条文本输出一行 JSON。",
    "Print JSON.": "输出 JSON。",
    "Accept a head that was never trained; its scores mean nothing.": "接受未训练的任务头；其分数没有意义。",
    "A second text, read together with the first.": "第二条文本，与第一条一起读。",
    "How many proposals for each mask.": "每个掩码给出几个候选。",
    "mean, cls, max, mean_sqrt_len_tokens, weightedmean, lasttoken.": (
        "池化方式：mean、cls、max、mean_sqrt_len_tokens、weightedmean、lasttoken。"
    ),
    "Bring vectors to length 1; otherwise as the folder says.": "把向量归一化到长度 1；未指定时按模型文件夹所述。",
    "Write all vectors to FILE: .npy (float32), or .jsonl.": "把所有向量写入 FILE：.npy(float32)或 .jsonl。",
    "Show the effect of a change; may be repeated.": "显示一项修改的效果；可重复使用。",
    "Show only what differs from another model.": "只显示与另一个模型不同之处。",
}
