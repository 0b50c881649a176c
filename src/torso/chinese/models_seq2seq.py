"""Chinese meanings of the parameters of BART and its kin."""

TEXTS: dict[str, str] = {
    "blocks of the decoder": "解码器的层数",
    "heads that share the width, in the encoder": "编码器中平分宽度的注意力头数",
    "heads that share the width, in the decoder": "解码器中平分宽度的注意力头数",
    "width inside the feed-forward of the encoder": "编码器前馈网络内部的宽度",
    "width inside the feed-forward of the decoder": "解码器前馈网络内部的宽度",
    "whether token embeddings are scaled by the root of the width": "词嵌入是否乘以宽度的平方根",
    "dropout inside the feed-forward": "前馈网络内部的随机失活",
    "probability of leaving out a block of the encoder": "跳过编码器某一层的概率",
    "probability of leaving out a block of the decoder": "跳过解码器某一层的概率",
    "id of the padding token, whose embedding does not learn": "填充词元的编号；其词嵌入不参与学习",
    "id of the token that a target to be written begins with; null: its language": (
        "待生成目标开头词元的编号；null 为目标语言的词元"
    ),
    "entries of the decoder's own vocabulary; null: as vocab_size": "解码器自有词表的条目数；null 与 vocab_size 相同",
    "whether encoder and decoder have one vocabulary and one table": "编码器与解码器是否共用词表与词嵌入",
    "{name} is {value}; the table of tokens ends at {last}.": "{name} 为 {value}；词嵌入表到 {last} 为止。",
    "Use the id that the tokenizer of this model gives.": "请用此模型的分词器给出的编号。",
    "The config does not say what a target begins with.": "配置没有说明目标文本以哪个词元开头。",
    "Give decoder_input_ids, or load with changes={{'decoder_start_token_id': ...}}.": (
        "请给出 decoder_input_ids，或加载时设 changes={{'decoder_start_token_id': ...}}。"
    ),
}
