"""Chinese meanings of the parameters of Gemma, Phi-3 and GLM, and messages of rotary positions."""

TEXTS: dict[str, str] = {
    # rotary positions
    "share of a head's units that turn": "每个头中参与旋转的单元所占比例",
    "longest text before RoPE scaling, in tokens; null: stated in the RoPE table": (
        "拉伸之前的最长文本(词元数)；null 表示以其自己的表为准"
    ),
    "The rotary positions differ by kind of layer ({kind}); in this family all layers turn alike.": (
        "旋转位置按层的种类({kind})各不相同；而此家族各层的旋转方式都相同。"
    ),
    "State one table for all layers.": "请为所有层给出同一张表。",
    "{size} units of each head turn; rotary positions of type {name} turn an even number from {least} on.": (
        "每个头有 {size} 个单元旋转；{name} 型旋转位置要求不少于 {least} 的偶数。"
    ),
    "Change the width of a head or partial_rotary_factor.": "请更改头的宽度或 partial_rotary_factor。",
    "{key} has {count} numbers for the {planes} planes in which a head turns.": (
        "{key} 有 {count} 个数，而每个头在 {planes} 个平面内旋转。"
    ),
    "Give {key} as in the original config.json.": "请按原始 config.json 给出 {key}。",
    "base of the rotary angles of layers with a window": "带窗口的层旋转位置角度的底数",
    "Text {index} grows from {past} tokens to {size}: this model's cached keys are invalid there.": (
        "第 {index} 条文本从 {past} 个词元增至 {size} 个，超出后该模型缓存的键不再有效。"
    ),
    "Run all of its tokens again, with an empty cache.": "请用空缓存重新读取它的全部词元。",
    # layers and their windows
    "layer_types is {kinds}; it must name one of {known} for each of the {layers} layers.": (
        "layer_types 为 {kinds}；应为 {layers} 层中的每一层各写 {known} 之一。"
    ),
    "Give as many as num_hidden_layers, or null.": "请写与 num_hidden_layers 一样多的项，或写 null。",
    "which layers have a window; null: as the family has them": "哪些层带窗口；null 表示按该家族的惯例",
    "of so many layers the last has no window; layer_types go before": "每这么多层中最后一层不带窗口；layer_types 优先",
    "whether a token sees those behind it too": "词元是否也能看到它后面的词元",
    # Gemma
    "query heads": "查询头数",
    "heads of keys and values": "键与值的头数",
    "activation of the feed-forward; gelu means its tanh form": "前馈层的激活函数；gelu 指其 tanh 形式",
    "scores are divided by the root of it": "注意力分数除以它的平方根",
    "what scores of attention stay below, by tanh; null for no cap": "注意力分数经 tanh 后的上限；null 表示不设上限",
    "what scores of the vocabulary stay below, by tanh; null for no cap": "词表分数经 tanh 后的上限；null 表示不设上限",
    "a cap that this family's attention never reads": "此家族的注意力从不读取的上限",
    # GLM
    "whether the projections into attention have a bias": "送入注意力的各投影是否有偏置",
}
