"""Chinese meanings of the parameters that several families share, and messages of decoders."""

TEXTS: dict[str, str] = {
    # rotary positions
    "base of the rotary angles": "旋转位置角度的底数",
    "how rotary angles are stretched to longer texts": "如何拉伸旋转角度以适应更长文本",
    "base and stretching of rotary angles, in one table": "旋转角度的底数与拉伸方式，合为一表",
    "longest text the model was made for, in tokens": "模型设计的最长文本(词元数)",
    "rope_type is {value!r}, which torso does not have.": "rope_type 为 {value!r}，torso 没有这一种。",
    "The rotary positions of type {name} have {key} = {value!r}.": "{name} 型旋转位置的 {key} = {value!r}。",
    "Give {key} as in the original config.json: a positive number, or a list of them.": (
        "请按原始 config.json 给出 {key}：正数，或正数列表。"
    ),
    # decoders
    "heads of keys and values; null: one per query head": "键与值的头数；null 表示每个查询头一个",
    "width of a head; null: hidden_size / num_attention_heads": "每个头的宽度；null 为 hidden_size / num_attention_heads",
    "width of a head": "每个头的宽度",
    "added to the mean square in every norm": "各归一化层均方上加的数",
    "whether the projections of attention have a bias": "注意力的各投影是否有偏置",
    "whether the feed-forward has a bias": "前馈层是否有偏置",
    "dropout before a head of labels; null is 0.1": "标签头之前的随机失活；null 为 0.1",
    "dropout before a head of labels": "标签头之前的随机失活",
    "tokens that a token sees, itself included; null for all": "一个词元能看到的词元数(含自身)；null 为全部",
    "whether some layers see a window only": "部分层是否只看窗口",
    "the first layer with a window, counted from 0": "第一个带窗口的层，从 0 计",
    "which layers have a window; null: from max_window_layers on": "哪些层带窗口；null 为从 max_window_layers 起",
    # encoder-decoders
    "blocks of the encoder": "编码器的层数",
    "blocks of the decoder; null: as the encoder": "解码器的层数；null 与编码器相同",
    "heads of attention": "注意力头数",
    "buckets of distance": "距离分桶数",
    "distance from which all is one bucket": "超过此距离归为一桶",
    "dropout everywhere but before a classifier": "除分类器之前以外各处的随机失活",
    "activation of the feed-forward, gated or not": "前馈层的激活函数，带门或不带门",
    "scale rows before the vocabulary; null: if tied": "送入词表前是否缩放；null：共享词嵌入时缩放",
    "id of the token that a target begins with": "目标文本开头词元的编号",
    "whether the file holds a decoder too; the weights tell": "文件是否也含解码器；以权重为准",
    "{family} is an encoder: it has no key/value cache.": "{family} 是编码器：没有键值缓存。",
    "Leave cache and memory out.": "请去掉 cache 和 memory。",
    # the border
    "{name} is for models with a decoder behind an encoder; this one reads input_ids alone.": (
        "{name} 用于编码器后接解码器的模型；此模型只读 input_ids。"
    ),
    "{name} were not asked for.": "没有请求 {name}。",
}
