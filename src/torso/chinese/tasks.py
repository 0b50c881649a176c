"""Chinese messages about tasks: labels, tags, masks, vectors."""

TEXTS: dict[str, str] = {
    "{name} is {value}; it must be at least {least}.": "{name} 为 {value}；至少应为 {least}。",
    "Ask for one proposal or more.": "请至少要一个候选。",
    "The tokenizer of this model has no mask token, so the model never learned to fill one.": (
        "该模型的分词器没有掩码词元，模型从未学过填空。"
    ),
    "Use a masked language model, such as a BERT.": "请使用掩码语言模型，例如 BERT。",
    "Text {index} has no {mask} to fill: {text}": "第 {index} 条文本中没有可填的 {mask}：{text}",
    "Write {mask} where a token is to be found.": "请在要填的位置写上 {mask}。",
    "{path} does not say how to pool: {found}.": "{path} 没有说明如何池化：{found}。",
    "no Pooling module": "没有 Pooling 模块",
    "no list of modules": "不是模块列表",
    "a module without type or path": "有模块缺少 type 或 path",
    "a default prompt without text": "默认提示词没有内容",
    "no known pooling mode": "没有已知的池化方式",
    "no table": "不是键值表",
    "Download it again, or say pooling=... to leave the file aside.": "请重新下载，或用 pooling=... 指定而不看该文件。",
    "{path} leaves prompts out of the pooling, which torso does not do.": (
        "{path} 要求池化时排除提示词，torso 不支持。"
    ),
    "Say pooling=... to leave the file aside.": "可用 pooling=... 指定而不看该文件。",
    "{name} does not say how to make one vector of a text, and nothing is assumed.": (
        "{name} 没有说明如何把一条文本变成一个向量，torso 不作猜测。"
    ),
    'Choose: pooling="mean" or pooling="cls" (--pooling mean).': (
        '请选择：pooling="mean" 或 pooling="cls"(命令行：--pooling mean)。'
    ),
    "There is no pooling {pooling}.": "没有 {pooling} 这种池化方式。",
    "{path} asks for the module {kind}, which torso does not have.": "{path} 需要模块 {kind}，torso 没有该模块。",
    "It has Transformer, Pooling and Normalize. Say pooling=... to leave the file aside.": (
        "支持的模块有 Transformer、Pooling、Normalize。可用 pooling=... 指定而不看该文件。"
    ),
    "The texts are {kind}.": "文本的类型是 {kind}。",
    "Pass a string, a list of strings, or an iterator of them.": "请传入字符串、字符串列表或其迭代器。",
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
    'Shorten it, or keep its first {limit} tokens: long="truncate" (--long truncate).': (
        '请缩短，或只保留前 {limit} 个词元：long="truncate"(命令行：--long truncate)。'
    ),
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
}
