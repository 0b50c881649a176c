"""Chinese texts about the files of sentence-transformers."""

TEXTS: dict[str, str] = {
    "{path} begins with the module {kind}; torso runs models that begin with a Transformer.": (
        "{path} 的第一个模块是 {kind}；torso 只运行以 Transformer 开头的模型。"
    ),
    "Use a model with a Transformer, such as sentence-transformers/all-MiniLM-L6-v2.": (
        "请使用带 Transformer 的模型，例如 sentence-transformers/all-MiniLM-L6-v2。"
    ),
    "{path} says {key} = {value}, which torso does not follow; it may change every result.": (
        "{path} 写明 {key} = {value}，torso 不支持；它可能改变每个结果。"
    ),
    "Take the key out of the file to go without it.": "如不需要，请从文件中删去该键。",
    "{path} asks for the module {kind}, which torso does not have at this place.": (
        "{path} 在此处需要模块 {kind}，torso 不支持。"
    ),
    "It has a Transformer, layers on its rows, one Pooling, then layers on vectors: {layers}. Say pooling=... to leave "
    "the file aside.": (
        "支持的依次为 Transformer、作用于各行的层、一个 Pooling、作用于向量的层：{layers}。可用 pooling=... "
        "指定而不看该文件。"
    ),
    "{path} describes a Dense module that torso does not have: activation {activation}.": (
        "{path} 描述的 Dense 模块 torso 不支持：激活函数 {activation}。"
    ),
    "It has Dense with one of torch.nn's: {known}. Say pooling=... to leave the file aside.": (
        "支持的 Dense 激活函数为 torch.nn 中的：{known}。可用 pooling=... 指定而不看该文件。"
    ),
    "a Dense module without sizes": "有 Dense 模块没有写明尺寸",
    "a LayerNorm module without its size": "有 LayerNorm 模块没有写明尺寸",
    "a prompt without text": "有提示词没有内容",
    "no known similarity": "没有已知的相似度",
    "no Pooling module": "没有 Pooling 模块",
    "no list of modules": "不是模块列表",
    "a module without type or path": "有模块缺少 type 或 path",
    "no known pooling mode": "没有已知的池化方式",
    "no table": "不是键值表",
    "{path} asks for the module {kind}, which torso does not have behind a cross-encoder.": (
        "{path} 在交叉编码器之后需要模块 {kind}，torso 不支持。"
    ),
    "Use a cross-encoder that is a Transformer alone, such as cross-encoder/ms-marco-MiniLM-L6-v2.": (
        "请使用只含 Transformer 的交叉编码器，例如 cross-encoder/ms-marco-MiniLM-L6-v2。"
    ),
    "The files of {name} make scores by {stated}, which torso does not have.": (
        "{name} 的文件用 {stated} 计算分数，torso 不支持。"
    ),
    "It has {known} of torch.nn: change the activation in {file}.": (
        "支持 torch.nn 中的 {known}：请修改 {file} 中的激活函数。"
    ),
}
