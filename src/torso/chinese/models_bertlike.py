"""Chinese meanings of what the families around BERT have of their own."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    # RoBERTa, MPNet
    "rows of the table of positions; those up to pad_token_id are no position": (
        "位置表的行数；不大于 pad_token_id 的行不是位置"
    ),
    "rows of the table of positions; the first two are no position": "位置表的行数；前两行不是位置",
    "id of the padding token; positions count from behind it": "填充词元的 id；位置从它之后算起",
    "Positions count from behind pad_token_id {pad}, and the table ends before: it has {rows} rows.": (
        "位置从 pad_token_id {pad} 之后算起，而位置表在此之前就结束了：它只有 {rows} 行。"
    ),
    "Change pad_token_id to the padding token's id; RoBERTa's is 1.": (
        "请把 pad_token_id 改为填充词元的 id；RoBERTa 的是 1。"
    ),
    # DistilBERT
    "whether the table of positions began as sines; it is read": "位置表最初是否为正弦；以文件中的表为准",
    "dropout on embeddings and feed-forwards, and before labels of tokens": (
        "嵌入、前馈网络以及词元标签之前的随机失活率"
    ),
    "dropout before labels of texts and before choices": "文本标签与选项之前的随机失活率",
    "dropout before the places of an answer": "答案位置之前的随机失活率",
    # ALBERT, ELECTRA
    "width of the embeddings, before they are projected": "嵌入在投影之前的宽度",
    "how often the block is applied": "同一层重复使用的次数",
    "how many blocks there are": "共有多少个不同的层组",
    "how many layers one block has": "每个层组含多少层",
    "dropout on embeddings and behind attention": "嵌入与注意力之后的随机失活率",
    "which token's row scores a choice": "用哪个词元的隐藏状态给选项打分",
    "whether a layer of its own stands before the score of a choice": "选项分数之前是否有单独的一层",
    "activation of the layer before the score of a choice": "选项分数之前那一层的激活函数",
    "dropout before the score of a choice": "选项分数之前的随机失活率",
    # ERNIE
    "kinds of task that embeddings tell apart": "嵌入所区分的任务类型数",
    "whether the embedding of the first kind of task is added": "是否加上第一种任务类型的嵌入",
}
