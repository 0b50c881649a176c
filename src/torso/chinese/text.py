"""Chinese messages about tokenizers and the texts they are given."""

TEXTS: dict[str, str] = {
    "torso: the tokenizer of {folder}: {note}": "torso：{folder} 的分词器：{note}",
    # texts
    "The text is {kind}, not a string.": "文本是 {kind}，不是字符串。",
    "Pass a string, or a list of strings.": "请传入字符串，或字符串列表。",
    "Text {index} is None (a missing value?).": "第 {index} 条文本是 None(缺失值？)。",
    "Leave it out, or put an empty string in its place.": "请去掉它，或换成空字符串。",
    "Text {index} is {kind}, not a string.": "第 {index} 条文本是 {kind}，不是字符串。",
    "Pass strings; for text already split into words, say is_split_into_words=True.": (
        "请传入字符串；若文本已分好词，请加上 is_split_into_words=True。"
    ),
    "Text {index} is {kind}, not a list of words.": "第 {index} 条文本是 {kind}，不是词的列表。",
    "Pass a list of strings, one for each word.": "请传入字符串列表，每个词一个字符串。",
    "There are {first} first texts and {second} second texts.": "第一段文本有 {first} 条，第二段文本有 {second} 条。",
    "Pass as many second texts as first ones.": "请使两者数量相同。",
    "Text {index} is not a pair of two strings, as text 0 is.": "第 {index} 条不是两个字符串的文本对，而第 0 条是。",
    "Pass pairs only; for text already split into words, say is_split_into_words=True.": (
        "请只传入文本对；若文本已分好词，请加上 is_split_into_words=True。"
    ),
    "Text {index} holds half of a surrogate pair at character {place}.": (
        "第 {index} 条文本的第 {place} 个字符是不成对的代理项(半个字符)。"
    ),
    'Decode it again, or drop it: text.encode("utf-8", "ignore").decode()': (
        '请重新解码，或去掉它：text.encode("utf-8", "ignore").decode()'
    ),
    "Text {index} has {length} characters; at most {limit} are tokenized at once.": (
        "第 {index} 条文本有 {length} 个字符；一次最多处理 {limit} 个。"
    ),
    "Cut it into parts, at paragraphs for instance.": "请切成几部分，例如按段落。",
    # parameters
    "{name}={value} is not a choice.": "{name}={value} 不是可选的值。",
    "Choose True, False, or one of: {known}.": "可选 True、False，或：{known}。",
    "{name} would have no effect here.": "{name} 在这里不起作用。",
    "Add {needed}, or leave {name} out.": "请加上 {needed}，或去掉 {name}。",
    "{name}={value} must be a whole number from {least}.": "{name}={value} 必须是不小于 {least} 的整数。",
    "Correct it, or leave it out.": "请改正，或去掉它。",
    "max_length={limit} is not a multiple of pad_to_multiple_of={multiple}.": (
        "max_length={limit} 不是 pad_to_multiple_of={multiple} 的倍数。"
    ),
    "Make one fit the other.": "请使两者相符。",
    "truncation={strategy} cannot make {have} tokens fit {room}: that text has {length}.": (
        "truncation={strategy} 无法把 {have} 个词元截到 {room} 个：要截断的那段只有 {length} 个。"
    ),
    "Use truncation=True, which shortens the longer text.": "请用 truncation=True，它截断较长的一段。",
    "This tokenizer has no maximum length, so there is nothing to truncate or pad to.": (
        "此分词器没有说明文本最长多少，因此不知道该截断或填充到多长。"
    ),
    "Say how many tokens: max_length=512": "请给出词元数：max_length=512",
    "max_length={limit} has no room for the {added} special tokens.": "max_length={limit} 放不下 {added} 个特殊词元。",
    "Give a larger max_length, or add_special_tokens=False.": "请增大 max_length，或设 add_special_tokens=False。",
    "Windows of {length} tokens cannot repeat {stride} tokens of the one before.": (
        "长 {length} 个词元的窗口无法重复前一窗口的 {stride} 个词元。"
    ),
    "Give a smaller stride, or a larger max_length.": "请减小 stride，或增大 max_length。",
    "This tokenizer has no padding token, and the texts differ in length.": "此分词器没有填充词元，而文本长度不同。",
    'Pass one text at a time, or name a token as "pad_token" in tokenizer_config.json.': (
        '请一次传入一条文本，或在 tokenizer_config.json 里用 "pad_token" 指定一个词元。'
    ),
    "return_tensors={kind} is not a choice.": "return_tensors={kind} 不是可选的值。",
    'Choose "pt" for PyTorch, "np" for NumPy, or None for lists.': '可选 "pt"(PyTorch)、"np"(NumPy)，或 None(列表)。',
    "{name} are ragged: row 0 has {first}, row {index} has {size}.": (
        "{name} 长短不一：第 0 行有 {first} 个，第 {index} 行有 {size} 个。"
    ),
    "Pad them, or ask for lists: return_tensors=None.": "请先填充，或改要列表：return_tensors=None。",
    # what a call gave
    "{name} was not asked for.": "没有要求返回 {name}。",
    "Ask for it: tokenizer(text, {how})": "请在调用时要求：tokenizer(text, {how})",
    "There is no field {name} here.": "这里没有字段 {name}。",
    "There are: {have}.": "现有：{have}。",
    "This batch knows the texts of {count} rows; there is no row {index}.": (
        "这一批只知道 {count} 行的原文；没有第 {index} 行。"
    ),
    "Ask the batch that the tokenizer gave.": "请向分词器返回的那一批查询。",
    "There are no input_ids to pad.": "没有可填充的 input_ids。",
    "Pass what the tokenizer gave, or a list of it.": "请传入分词器返回的结果，或其列表。",
    # ids and tokens
    "A tokenizer cannot be changed, since threads share it: {name} was assigned to.": (
        "分词器由多个线程共用，不能修改：有代码给 {name} 赋值。"
    ),
    "Pass it in the call, or change the files of the tokenizer and load it again.": (
        "请在调用时传入，或修改分词器的文件后重新加载。"
    ),
    "The token {token} is not in the vocabulary, which has no token for unknown ones.": (
        "词表中没有词元 {token}，也没有表示未知词的词元。"
    ),
    "Tokenize text with tokenizer.tokenize(text), which gives tokens of the vocabulary.": (
        "请用 tokenizer.tokenize(text) 切分文本，得到的都是词表中的词元。"
    ),
    "There is no id {number} in this vocabulary; its largest is {largest}.": (
        "此词表中没有编号 {number}；最大编号是 {largest}。"
    ),
    "Use the tokenizer that the ids came from; drop ids such as -100, which are not tokens.": (
        "请使用产生这些编号的分词器；-100 之类的编号不代表词元，请去掉。"
    ),
    "Id {index} is {kind}, not a whole number.": "第 {index} 个编号是 {kind}，不是整数。",
    "Pass the ids of one text; for several, use batch_decode.": "请传入一条文本的编号；多条请用 batch_decode。",
    "The tokenizer of {folder} cannot do this: {fault}.": "{folder} 的分词器无法完成：{fault}。",
    "Check its files: torso check {folder}": "请检查其文件：torso check {folder}",
    # files
    "{folder} has no tokenizer: neither tokenizer.json nor vocab.txt.": (
        "{folder} 中没有分词器：既无 tokenizer.json，也无 vocab.txt。"
    ),
    "Download tokenizer.json (or vocab.txt) and tokenizer_config.json of the same model into {folder}.": (
        "请把同一模型的 tokenizer.json(或 vocab.txt)和 tokenizer_config.json 下载到 {folder}。"
    ),
    "{name} splits text with a dictionary before its vocabulary is used; torso does not.": (
        "{name} 先用词典切分文本，再查词表；torso 不支持。"
    ),
    "Use a model whose tokenizer is BertTokenizer, or one with a tokenizer.json.": (
        "请用分词器为 BertTokenizer 的模型，或带有 tokenizer.json 的模型。"
    ),
    "{path} does not make a tokenizer: {fault}.": "{path} 不能构成分词器：{fault}。",
    "{path} goes past a limit: {fault}.": "{path} 超出限制：{fault}。",
    # faults of files
    "it is not UTF-8 text from byte {offset} on": "从第 {offset} 字节起不是 UTF-8 文本",
    "{name} must be an object, not {value}": "{name} 应为对象，而不是 {value}",
    "{name} must be a list, not {value}": "{name} 应为列表，而不是 {value}",
    "{name} must be true or false, not {value}": "{name} 应为 true 或 false，而不是 {value}",
    "{name} must be left or right, not {value}": "{name} 应为 left 或 right，而不是 {value}",
    "its {slot} is of an unknown type, {kind}": "其 {slot} 的类型 {kind} 未知",
    "its normalizer can make {growth} characters of one": "其 normalizer 能把一个字符变成 {growth} 个",
    "its FixedLength pre-tokenizer has the length {length}": "其 FixedLength 预分词的长度为 {length}",
    "its precompiled character map is damaged": "其预编译字符表已损坏",
    "the special token {name} of its template has no ids, or other tokens than ids": (
        "其模板中的特殊词元 {name} 没有编号，或词元与编号数目不符"
    ),
    "its template for {form} must hold each text once; it holds {seen}": "其模板 {form} 应含每段文本各一次，实为 {seen}",
    "its template uses {name}, which its special tokens do not hold": "其模板用到 {name}，而特殊词元中没有它",
    "it adds {count} tokens; at most {limit} are read": "它添加了 {count} 个词元；最多读取 {limit} 个",
    "one of its added tokens is {content}": "其添加的词元中有 {content}",
    "its added token {content} has the id {number}": "其添加的词元 {content} 的编号为 {number}",
    "its added token {content} has the id {number}, and would come out as {real}": (
        "其添加的词元 {content} 的编号为 {number}，而实际会得到 {real}"
    ),
    "its model is of an unknown type, {kind}": "其 model 的类型 {kind} 未知",
    "its model {kind} has no vocabulary": "其 model({kind})没有词表",
    "its vocabulary has more than {limit} entries": "其词表超过 {limit} 项",
    "its vocabulary has ids that are not whole numbers": "其词表中有不是整数的编号",
    "its vocabulary has ids from {least} to {most}": "其词表的编号从 {least} 到 {most}",
    "two tokens of its vocabulary share an id": "其词表中有两个词元编号相同",
    "its unknown token {token} is not in its vocabulary": "其未知词元 {token} 不在词表中",
    "its BPE model has no list of merges": "其 BPE 模型没有合并列表",
    "its merge {merge} does not join two entries of its vocabulary to a third": (
        "其合并 {merge} 不是由词表中两项得到第三项"
    ),
    "its vocabulary has the entry {entry}, not a token with a score": "其词表中有 {entry}，不是带分数的词元",
    "it holds no {token}, so it is no vocabulary of BERT's": "其中没有 {token}，因此不是 BERT 的词表",
    "a regular expression has {length} characters; at most {limit} are read": (
        "有正则表达式长 {length} 个字符；最多读取 {limit} 个"
    ),
    "the regular expression {pattern} can take exponential time": "正则表达式 {pattern} 可能耗费指数级的时间",
    "the regular expression {pattern} refers back to what it matched": "正则表达式 {pattern} 引用了已匹配的内容",
    "the regular expression {pattern} has a bracket that does not match": "正则表达式 {pattern} 的括号不配对",
    "the regular expression {pattern} uses a kind of group that is not read": (
        "正则表达式 {pattern} 使用了不支持的分组"
    ),
    "the tokenizers library refuses it: {reason}": "tokenizers 库拒绝了它：{reason}",
    # what is not followed
    "tokenizer.json fixes {parts}; torso pads and truncates only where a call asks for it.": (
        "tokenizer.json 固定了 {parts}；torso 只在调用要求时才填充和截断。"
    ),
    "tokenizer_config.json has never_split={words}; fast tokenizers have no such list, so it is not followed.": (
        "tokenizer_config.json 中有 never_split={words}；快速分词器没有这种列表，因此不采用。"
    ),
    "tokenizer_config.json has do_basic_tokenize=false; fast tokenizers always split into words.": (
        "tokenizer_config.json 中有 do_basic_tokenize=false；快速分词器总是先切分成词。"
    ),
    "tokenizer_config.json names code of its own (auto_map); torso never runs code from a model.": (
        "tokenizer_config.json 指定了自带代码(auto_map)；torso 从不运行模型中的代码。"
    ),
    "tokenizer_config.json has {name}={said} and tokenizer.json {done}; tokenizer.json is followed.": (
        "tokenizer_config.json 中 {name}={said}，tokenizer.json 中为 {done}；以 tokenizer.json 为准。"
    ),
}
