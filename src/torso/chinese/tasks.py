"""Chinese messages about tasks: labels, tags, masks, vectors."""

TEXTS: dict[str, str] = {
    "{name} is {value}; it must be at least {least}.": "{name} 为 {value}；至少应为 {least}。",
    "The tokenizer of this model has no mask token, so the model never learned to fill one.": (
        "该模型的分词器没有掩码词元，模型从未学过填空。"
    ),
    "Use a masked language model, such as a BERT.": "请使用掩码语言模型，例如 BERT。",
    "Text {index} has no {mask} to fill: {text}": "第 {index} 条文本中没有可填的 {mask}：{text}",
    "Write {mask} where a token is to be found.": "请在要填的位置写上 {mask}。",
    "{path} does not say how to pool: {found}.": "{path} 没有说明如何池化：{found}。",
    "Download it again, or say pooling=... to leave the file aside.": "请重新下载，或用 pooling=... 指定而不看该文件。",
    "{name} does not say how to make one vector of a text, and nothing is assumed.": (
        "{name} 没有说明如何把一条文本变成一个向量，torso 不作猜测。"
    ),
    'Choose: pooling="mean" or pooling="cls" (--pooling mean).': (
        '请选择：pooling="mean" 或 pooling="cls"(命令行：--pooling mean)。'
    ),
    "There is no pooling {pooling}.": "没有 {pooling} 这种池化方式。",
    "The texts are {kind}.": "文本的类型是 {kind}。",
    "Pass a string; a list, array, Series or column of strings; or an iterator of them.": (
        "请传入字符串；字符串的列表、数组、Series 或列；或其迭代器。"
    ),
    "Pass a string; or a list, array, Series or column of strings.": "请传入字符串；或字符串的列表、数组、Series 或列。",
    "settings is {kind}, which torso does not read.": "settings 为 {kind}，torso 不支持。",
    'Pass torso.GenerationSettings(num_beams=4), or changes by their names: settings={{"num_beams": 4}}.': (
        '请传入 torso.GenerationSettings(num_beams=4)，或按名字给出改动：settings={{"num_beams": 4}}。'
    ),
    "Text {index} holds nothing but white space, {size} tokens of it.": (
        "第 {index} 条文本只有空白，共 {size} 个词元。"
    ),
    "{name} is {asked}; the tokenizer that was given was made for {marked}.": (
        "{name} 为 {asked}；给出的分词器是为 {marked} 创建的。"
    ),
    "Make it for the languages: tokenizer=torso.load_tokenizer(folder, src_lang=..., tgt_lang=...).": (
        "请按语言创建：tokenizer=torso.load_tokenizer(folder, src_lang=..., tgt_lang=...)。"
    ),
    "{name} holds {found}; the ids of this model end at {last}.": "{name} 含有 {found}；该模型的 id 最大为 {last}。",
    "Use ids of the tokenizer of this very model.": "请使用该模型自己的分词器的 id。",
    "A tuple could mean one pair or several texts.": "元组可能是一对文本，也可能是多条文本。",
    "For one pair write [(first, second)]; for several texts, a list.": (
        "一对文本请写成 [(first, second)]；多条文本请用列表。"
    ),
    "long is {value!r}; it must be {known}.": "long 为 {value!r}；只能是 {known}。",
    'Leave it out to refuse texts that are too long, or keep their beginning: long="truncate".': (
        '省略则拒绝过长的文本；只保留开头请写 long="truncate"。'
    ),
    "Text {index} has no tokens, so there is nothing to run.": "第 {index} 条文本没有任何词元，无从运行。",
    "Leave it out.": "请去掉它。",
    "This model was not loaded from a folder, so nobody knows its tokenizer.": (
        "该模型不是从文件夹加载的，无从知道它的分词器。"
    ),
    "Pass it: tokenizer=torso.load_tokenizer(folder).": "请传入：tokenizer=torso.load_tokenizer(folder)。",
    "The model was loaded for {has}; this needs {wanted}.": "模型是为 {has} 加载的；这里需要 {wanted}。",
    'Load it so: torso.load(source, torso.Task.named("{wanted}")).': (
        '请这样加载：torso.load(source, torso.Task.named("{wanted}"))。'
    ),
    "The tokenizer knows ids up to {largest}; the model has rows for ids below {rows}.": (
        "分词器的 id 最大为 {largest}；模型只有小于 {rows} 的 id 的词向量。"
    ),
    "In {name}.": "位于 {name}。",
    "Use the tokenizer files and the weights of one and the same download.": ("请使用同一次下载的分词器文件和权重。"),
    "The {task} head of {name} was never trained: its scores mean nothing.": (
        "{name} 的 {task} 头从未训练过：其分数没有意义。"
    ),
    "Train it first, or take a checkpoint that holds it. To see the scores anyway: untrained=True (--untrained).": (
        "请先训练，或换一个带有该头的检查点。仍要查看分数：untrained=True(命令行：--untrained)。"
    ),
    "Leave it out: the default suits most machines.": "请省略：默认值适合大多数机器。",
    # texts that are too long, windows, memory, devices
    'Shorten it, keep its first {limit} tokens: long="truncate" (--long truncate), or read all of it in windows: '
    'long="window".': (
        '请缩短；或只保留前 {limit} 个词元：long="truncate"(命令行：--long truncate)；或分窗口全部读完：long="window"。'
    ),
    "Text {index} is {size} tokens; this model takes {limit}. It was not run.": (
        "第 {index} 条文本有 {size} 个词元；该模型最多接受 {limit} 个。该条未运行。"
    ),
    "Text {index}: what must be read whole is {size} tokens; this model takes {limit}, so nothing else fits.": (
        "第 {index} 条文本：必须完整读取的部分有 {size} 个词元；该模型最多接受 {limit} 个，其余已放不下。"
    ),
    "Shorten that part: the question, or the shorter text of the pair.": "请缩短这一部分：问题，或一对文本中较短的那条。",
    "merge is {value!r}; it must be {known}.": "merge 为 {value!r}；只能是 {known}。",
    "Leave it out for {first}.": "省略则为 {first}。",
    "Give a larger number, or leave it out.": "请给更大的数，或省略。",
    "A text of {size} tokens does not fit the memory of {device}, even by itself.": (
        "一条 {size} 个词元的文本单独运行也超出 {device} 的内存。"
    ),
    'Shorten it, read it in windows (long="window"), or run elsewhere (device=).': (
        '请缩短，或分窗口读取(long="window")，或换一处运行(device=)。'
    ),
    'torso runs on {name}; to stay on the CPU: device="cpu" (--device cpu).': (
        'torso 在 {name} 上运行；如需用 CPU：device="cpu"(命令行：--device cpu)。'
    ),
    "There is no device {device} on this machine.": "本机没有设备 {device}。",
    "Leave it out, or name one of: {known}.": "请省略，或指定其中之一：{known}。",
    # tags and masks
    "There is no aggregation {name}.": "没有 {name} 这种聚合方式。",
    "Use one of: {known}; or leave it out.": "请用其中之一：{known}；或省略。",
    "targets is {targets!r}; it must be a list of tokens.": "targets 为 {targets!r}；应为词元的列表。",
    'Write targets=["good", "bad"].': '请写成 targets=["good", "bad"]。',
    "The target {target} is no single token of this vocabulary: it is read as {tokens}.": (
        "候选 {target} 不是该词表中的单个词元：它被读作 {tokens}。"
    ),
    "Name another one, or write one mask for each of its tokens.": "请换一个，或为它的每个词元各写一个掩码。",
    "None of the targets is a whole word.": "候选中没有完整的词。",
    "Leave out whole_words, or name other targets.": "请去掉 whole_words，或换别的候选。",
    # zero-shot labels, questions, alternatives
    "The template {template} has no place for a label.": "模板 {template} 中没有放标签的位置。",
    'Write {{}} where it stands: "This example is {{}}."': '请在标签处写 {{}}："This example is {{}}."',
    "It is not known which label of {name} is entailment: its labels are {labels}.": (
        "不知道 {name} 的哪个标签表示蕴含：它的标签是 {labels}。"
    ),
    'Name it: entailment="LABEL_2" (--entailment LABEL_2); or use a model of natural language inference.': (
        '请指定：entailment="LABEL_2"(命令行：--entailment LABEL_2)；或使用自然语言推理模型。'
    ),
    "It is not known which label of {name} is contradiction: its labels are {labels}.": (
        "不知道 {name} 的哪个标签表示矛盾：它的标签是 {labels}。"
    ),
    'Name it: contradiction="LABEL_0" (--contradiction LABEL_0).': (
        '请指定：contradiction="LABEL_0"(命令行：--contradiction LABEL_0)。'
    ),
    "{name} has no label {label}: its labels are {labels}.": "{name} 没有标签 {label}：它的标签是 {labels}。",
    "Name one of them.": "请指定其中之一。",
    "A question is given, and no text to find its answer in.": "给了问题，但没有给出查找答案的文本。",
    "A text is given beside pairs of question and text.": "已给出问题与文本的对，又另给了文本。",
    "Text {index} is not a pair of a question and a text.": "第 {index} 条不是问题与文本的对。",
    "Write answer(question, text) for one question, answer([(question, text), ...]) for several.": (
        "一个问题请写 answer(question, text)；多个问题请写 answer([(question, text), ...])。"
    ),
    "Alternatives are given beside pairs of question and alternatives.": "已给出问题与备选项的对，又另给了备选项。",
    "Question {index} is not a question with a list of alternatives.": "第 {index} 个问题不是带备选项列表的问题。",
    'Write choose("The sky is", ["blue", "square"]), or a list of such pairs.': (
        '请写成 choose("The sky is", ["blue", "square"])，或这样的对的列表。'
    ),
    "Write choose(question, alternatives) for one, choose([(question, alternatives), ...]) for several.": (
        "一个问题请写 choose(question, alternatives)；多个请写 choose([(question, alternatives), ...])。"
    ),
    # vectors, comparing, searching
    "The layer in {folder} does not fit: its config says {width} numbers in and {out} out; it is given {given}.": (
        "{folder} 中的层对不上：其配置写明输入 {width} 个数、输出 {out} 个数；实际得到 {given} 个。"
    ),
    "Download the model again, or say pooling=... to leave its layers aside.": (
        "请重新下载该模型，或用 pooling=... 指定而不用它的附加层。"
    ),
    "dimensions is {value}; vectors of this model have {size} numbers.": "dimensions 为 {value}；该模型的向量有 {size} 个数。",
    "Give a number from 1 to {size}, or leave it out.": "请给 1 到 {size} 之间的数，或省略。",
    "A prompt is given twice: as text, and by the name {name}.": "提示词给了两次：文本，以及名字 {name}。",
    "The model has no prompt named {name}.": "该模型没有名为 {name} 的提示词。",
    "It has: {known}. Any other can be written out: prompt=... (--prompt).": (
        "它有：{known}。其他提示词可直接写出：prompt=...(命令行：--prompt)。"
    ),
    "none": "无",
    "The queries are {kind}.": "查询的类型是 {kind}。",
    "{name} has {count} labels; what ranks texts has one.": "{name} 有 {count} 个标签；用于排序的模型只有一个。",
    "Use a cross-encoder, such as cross-encoder/ms-marco-MiniLM-L6-v2; or torso.classify with pairs.": (
        "请使用交叉编码器，例如 cross-encoder/ms-marco-MiniLM-L6-v2；或对文本对使用 torso.classify。"
    ),
    "There is no folder {folder}.": "没有文件夹 {folder}。",
    "There is no .txt or .md file in {folder}.": "{folder} 中没有 .txt 或 .md 文件。",
    "Name a folder of .txt or .md files.": "请指定含 .txt 或 .md 文件的文件夹。",
    "{name} gives numbers that are not finite for {count} of {total} texts: they cannot be compared.": (
        "{name} 对 {total} 条文本中的 {count} 条给出的数不是有限数：无法比较。"
    ),
    "Load it in float32 (dtype=torch.float32), or take another model.": (
        "请以 float32 加载(dtype=torch.float32)，或换一个模型。"
    ),
    "No .txt or .md file in {folder} can be read.": "{folder} 中没有可以读取的 .txt 或 .md 文件。",
    "{path} is a link that leads out of the folder": "{path} 是指向文件夹之外的链接",
    "{path} has more than {limit} MiB": "{path} 超过 {limit} MiB",
    "{path} is not UTF-8 text (to convert it: iconv -f GB18030 -t UTF-8)": (
        "{path} 不是 UTF-8 文本(转换编码：iconv -f GB18030 -t UTF-8)"
    ),
    "{path} cannot be read: {reason}": "无法读取 {path}：{reason}",
    "torso: left out of the search: {reason}": "torso：未搜索：{reason}",
    "torso: and {count} more": "torso：还有 {count} 个",
}
