"""Chinese meanings of the parameters of the GPT families: GPT, GPT-2, GPT-NeoX, BLOOM and OPT."""

TEXTS: dict[str, str] = {
    "width inside the feed-forward; null: four times n_embd": "前馈层内部的宽度；null 为 n_embd 的四倍",
    "dropout on what attention and feed-forward add": "注意力与前馈层输出上的随机失活",
    "activation of the feed-forward; gelu is the one by tanh": "前馈层的激活函数；gelu 指 tanh 近似形式",
    "dropout on embeddings": "嵌入上的随机失活",
    "whether scores are divided by the root of a head's width": "注意力分数是否除以头宽度的平方根",
    "whether scores are divided by the block's number too, counted from 1": (
        "注意力分数是否再除以所在层的序号(从 1 计)"
    ),
    "whether transformers computes scores in float32 and in another order": (
        "transformers 是否以 float32 和另一种次序计算注意力分数"
    ),
    "whether branches are added to the normed rows instead of the rows": "各分支是否加到归一化后的隐藏状态上",
    "dropout before a head of labels; null takes hidden_dropout": "标签头之前的随机失活；null 取 hidden_dropout",
    "whether transformers adds up products in the order of training": "transformers 是否按训练时的次序累加乘积",
    "parts in which those products were added up in training": "训练时这些乘积分几份累加",
    "width of the embeddings; null: hidden_size": "嵌入的宽度；null 为 hidden_size",
    "whether blocks normalise before each branch, or after each residual sum": (
        "各层在每个分支之前归一化，还是在每次残差相加之后归一化"
    ),
    "whether norms have weights": "归一化层是否有权重",
    "whether the projections of the blocks have a bias": "各层的投影是否有偏置",
    "whether the last norm is left out": "是否去掉最后的归一化层",
    "probability of leaving out a block": "训练时跳过一层的概率",
    "repeats rotary_emb_base, which alone is read": "重复 rotary_emb_base；只读取后者",
    "repeats rotary_pct, which alone is read": "重复 rotary_pct；只读取后者",
    "whether the feed-forward reads what attention reads, or what it leaves": (
        "前馈层读取注意力的输入(并行)，还是读取注意力的结果"
    ),
    "dropout on embeddings and on what attention and feed-forward add": "嵌入以及注意力与前馈层输出上的随机失活",
    "whether the blocks see earlier tokens only; these always do": "各层是否只能看到前面的词元；此类模型始终如此",
}
