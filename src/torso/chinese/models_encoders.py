"""Chinese meanings of the parameters of later encoders: DeBERTa, ModernBERT, NomicBERT and GTE."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    # deberta
    "segments told apart; 0 for none": "区分几种片段；0 表示不区分",
    "whether attention scores distances": "注意力是否对距离打分",
    "distances told apart on each side; below 1: max_position_embeddings": (
        "每一侧区分多少种距离；小于 1 则取 max_position_embeddings"
    ),
    "whether positions are added to the embeddings": "是否把位置加到嵌入上",
    "which scores distances enter: c2p those of queries, p2c those of keys": (
        "距离参与哪些打分：c2p 为与查询的，p2c 为与键的"
    ),
    "whether heads are mixed before and after the softmax": "softmax 前后是否混合各头",
    "dropout before the pooler": "池化层之前的随机失活",
    "activation of the pooler": "池化层的激活函数",
    "width of the pooler, which is hidden_size": "池化层的宽度，即 hidden_size",
    "dropout before the labels of whole texts; null takes hidden_dropout_prob": (
        "整段文本标签之前的随机失活；null 取 hidden_dropout_prob"
    ),
    "whether the masked-LM head goes by BERT's names": "掩码语言模型头是否沿用 BERT 的名称",
    # deberta_v2
    "whether distances are projected as tokens are, by the same weights": "距离是否与词元共用同一组投影权重",
    "rows of distances on each side, coarser further off; below 1: none": (
        "每一侧距离的行数，越远越粗；小于 1 则不分桶"
    ),
    "norm of the rows of distances": "距离各行的归一化",
    "tokens that the first block's convolution sees, odd; 0 for none": "第一层的卷积看到的词元数，须为奇数；0 表示没有卷积",
    "groups of units that are convolved apart": "分组卷积的组数",
    "activation of the convolution": "卷积的激活函数",
    "conv_kernel_size is {value}; a convolution with a middle is odd.": "conv_kernel_size 为 {value}；有中心的卷积宽度须为奇数。",
    "Use an odd number; the published models have 3.": "请用奇数；已发布的模型为 3。",
    # modernbert
    "whether norms have a bias": "各归一化层是否有偏置",
    "dropout on attention weights and on what attention adds": "注意力权重及注意力输出上的随机失活",
    "tokens that a token sees in layers with a window": "带窗口的层中一个词元能看到的词元数",
    "of so many layers the first has no window; layer_types go before": (
        "每这么多层中的第一层不带窗口；layer_types 优先"
    ),
    "a base that this family never reads": "此类模型从不读取的底数",
    "base of the rotary angles of layers without a window": "不带窗口的层的旋转角度底数",
    "whether the scores of the vocabulary have a bias": "词表分数是否有偏置",
    "which row stands for a text": "用哪一行代表整段文本",
    "whether the layer before the scores has a bias": "打分之前的那一层是否有偏置",
    "activation of that layer": "该层的激活函数",
    # nomic_bert
    "the feed-forward of the first files": "早期文件中前馈层的种类",
    "whether blocks normalise before each branch": "各层是否在每个分支之前归一化",
    "whether both branches read the block's input": "两个分支是否都读取该层的输入",
    "whether neighbouring units turn together": "旋转时是否相邻两维成对",
}
