"""Chinese messages about the vocabularies of every family: SentencePiece files, merges, languages and chat templates."""

TEXTS: dict[str, str] = {
    # files
    "{folder} has {there}, which alone make no tokenizer, and no tokenizer.json.": (
        "{folder} 中有 {there}，但仅凭它们不能构成分词器，也没有 tokenizer.json。"
    ),
    "Download {wanted} of the same model into {folder}.": "请把同一模型的 {wanted} 下载到 {folder}。",
    "This SentencePiece model cuts text in a way that torso does not have: {how}.": (
        "此 SentencePiece 模型的切分方式 torso 不支持：{how}。"
    ),
    "Use a model of the kind unigram or bpe that marks the beginnings of words.": (
        "请使用在词首做标记的 unigram 或 bpe 模型。"
    ),
    # the wire format
    "it ends inside a field: {size} bytes are announced, {left} follow": (
        "它在字段中间结束：声明了 {size} 字节，后面只有 {left} 字节"
    ),
    "it ends inside a number": "它在一个数的中间结束",
    "it holds a number of more than 64 bits": "其中有超过 64 位的数",
    "its field {number} is of kind {kind}, which is not read": "它的字段 {number} 的类型是 {kind}，不予读取",
    "its field {number} is not UTF-8 text": "它的字段 {number} 不是 UTF-8 文本",
    "its field {number} does not hold what it should: {value}": "它的字段 {number} 的内容不对：{value}",
    # pieces and merges
    "one of its pieces has {size} bytes; at most {limit} are read": (
        "它有一个词片长 {size} 字节；最多读取 {limit} 字节"
    ),
    "one of its pieces is {text}, of kind {kind}": "它有一个词片是 {text}，类型为 {kind}",
    "its vocabulary holds a piece twice": "它有一个词片在词表中出现两次",
    "its vocabulary of {size} pieces has {count} for the unknown": (
        "它的词表有 {size} 个词片，其中表示未知的有 {count} 个"
    ),
    "it falls back on bytes, and {byte} is not in its vocabulary": "它以字节兜底，但词表中没有 {byte}",
    "its first three pieces are not those for the unknown, the beginning and the end of a text": (
        "它的前三个词片不是表示未知、文本开头和文本结尾的词片"
    ),
    "it merges pieces (bpe), and the tokenizers of this family choose them by likelihood (unigram)": (
        "它合并词片(bpe)，而这一系列的分词器按似然选择词片(unigram)"
    ),
    "it chooses pieces by likelihood (unigram), and the tokenizers of this family merge them (bpe)": (
        "它按似然选择词片(unigram)，而这一系列的分词器合并词片(bpe)"
    ),
    "neither its first pieces {first} nor the files beside it say what family it is of": (
        "从它最前面的词片 {first} 和旁边的文件都看不出它属于哪一系列"
    ),
    'Name its own class in {config}: "tokenizer_class": "{name}".': (
        '请在 {config} 中写明它自己的类："tokenizer_class": "{name}"。'
    ),
    "it is not a vocabulary: an object from tokens to ids": "它不是词表，即从词元到编号的对象",
    "it has more than {limit} merges": "它的合并规则超过 {limit} 条",
    "line {number} of it is {line}, not two tokens": "它的第 {number} 行是 {line}，不是两个词元",
    "its {name} is null, without which there is no tokenizer of this family": (
        "它的 {name} 为 null，而这一系列的分词器不能没有它"
    ),
    "its vocabulary does not hold {token}, its {name}": "它的词表中没有它的 {name}，即 {token}",
    "This Marian tokenizer has a vocabulary for each language (separate_vocabs); torso reads one for both.": (
        "此 Marian 分词器的两种语言各有词表(separate_vocabs)；torso 只读取共用一个词表的。"
    ),
    "Use a model with one vocab.json.": "请使用只有一个 vocab.json 的模型。",
    # languages
    "This tokenizer marks no languages; {language} was asked for.": "此分词器不标记语言，却要求了 {language}。",
    "Leave src_lang and tgt_lang out.": "请去掉 src_lang 和 tgt_lang。",
    "This tokenizer has no language {language}. Nearest: {nearest}.": "此分词器没有语言 {language}。最接近的：{nearest}。",
    "It has: {codes}.": "它有：{codes}。",
    "{name} must be a whole number from 0 to {most}, not {value}": "{name} 应为 0 到 {most} 的整数，而不是 {value}",
    # chats
    "the name of a chat template is {name}": "有一个对话模板的名字是 {name}",
    "a chat template has {length} characters": "有一个对话模板长 {length} 个字符",
    "its chat_template is neither text nor a list of templates with their names": (
        "它的 chat_template 既不是文本，也不是带名字的模板列表"
    ),
    "This tokenizer has no chat template; its named ones are: {names}.": "此分词器没有对话模板；带名字的有：{names}。",
    "Pass one, or the name of one: chat_template=...": "请传入一个模板或其名字：chat_template=...",
    "A type hint of the tool {name} has no form in JSON: {hint}.": "工具 {name} 的一个类型注解无法写成 JSON：{hint}。",
    "Use int, float, str, bool, Enum, Literal, list, tuple, dict and unions of them, or pass a JSON schema.": "请使用 int、float、str、bool、Enum、Literal、list、tuple、dict 及它们的联合类型，或直接传入 JSON schema。",
    "Tool {index} is {kind}, neither a dict nor a function.": "第 {index} 个工具是 {kind}，既不是字典也不是函数。",
    "Pass a JSON schema, or a function with type hints and a docstring.": "请传入 JSON schema，或带有类型注解和文档字符串的函数。",
    "The tool {name} has no docstring, so the model cannot know what it does.": "工具 {name} 没有文档字符串，模型无法知道它的用途。",
    "Add a docstring with a section Args: that describes each argument.": "请添加文档字符串，并用 Args: 一节说明每个参数。",
    "The docstring of the tool {name} does not describe the argument {argument}.": "工具 {name} 的文档字符串没有说明参数 {argument}。",
    "Add a line to its section Args: such as {argument}: what it is": "请在 Args: 一节中加上一行，例如 {argument}: 它是什么",
    "The choices of the argument {argument} of the tool {name} are not a list in JSON.": "工具 {name} 的参数 {argument} 的可选值不是 JSON 列表。",
    'Write them as (choices: ["one", "two"]).': '请写成 (choices: ["one", "two"])。',
    "The argument {argument} of the tool {name} has no type hint.": "工具 {name} 的参数 {argument} 没有类型注解。",
    "Add one, such as {argument}: str": "请加上，例如 {argument}: str",
    "The last message has no text under {key} that this template could continue.": "最后一条消息在 {key} 下没有可供此模板续写的文本。",
    "End the chat with a message that has some, or leave continue_final_message out.": "请让对话以含有该文本的消息结尾，或去掉 continue_final_message。",
    "The chat template changes the last message, or leaves it out, so it cannot be continued.": "对话模板改动或省略了最后一条消息，因此无法续写。",
    "Leave continue_final_message out, or pass another template: chat_template=...": "请去掉 continue_final_message，或传入另一个模板：chat_template=...",
    "continue_final_message and add_generation_prompt contradict each other.": "continue_final_message 与 add_generation_prompt 相互矛盾。",
    "Pass one: the first goes on with the last message, the second begins another.": "请只传入一个：前者续写最后一条消息，后者开始一条新消息。",
    "{name} is no parameter here, and this chat template asks for no variable of that name.": "{name} 不是这里的参数，此对话模板也没有用到这个名字的变量。",
    "Correct its name, or leave it out.": "请改正名称，或去掉它。",
    "The chat template refuses these messages: {reason}": "对话模板拒绝这些消息：{reason}",
    "Change them as it says.": "请照它所说修改。",
    "The chat template fails: {reason}": "对话模板运行失败：{reason}",
    "Check the keys of the messages against it, or pass another: chat_template=...": (
        "请对照模板检查消息的键，或换一个模板：chat_template=..."
    ),
    "The chat template goes past a limit: {steps} loops and calls, or {length} characters.": (
        "对话模板超出限制：{steps} 次循环和调用，或 {length} 个字符。"
    ),
    "Shorten the chat, or pass another template: chat_template=...": "请缩短对话，或换一个模板：chat_template=...",
    "Message {index} is {kind}, not a dict with a role and content.": (
        "第 {index} 条消息是 {kind}，不是带 role 和 content 的字典。"
    ),
    'Pass messages such as {{"role": "user", "content": "Hello"}}.': (
        '请传入这样的消息：{{"role": "user", "content": "你好"}}。'
    ),
    "There is no message in this chat.": "这段对话里没有消息。",
    "Pass at least one.": "请至少传入一条。",
}
