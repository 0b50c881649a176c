"""Chinese forms of the messages of configs, loading, models and the border."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    "config.json names {said} labels ({names}); the head in the weights has {there}.": (
        "config.json 列出 {said} 个标签({names})；权重中的分类头有 {there} 个。"
    ),
    "Name {there} labels in id2label of config.json; to start a new head: new_head=True, labels=[...].": (
        "请在 config.json 的 id2label 中列出 {there} 个标签；要新建分类头：new_head=True, labels=[...]。"
    ),
    # architecture
    "There is no task {name!r}.": "没有名为 {name!r} 的任务。",
    "Use {nearest}; the tasks are {known}.": "请用 {nearest}；可用的任务有：{known}。",
    "torso has no architecture {model_type!r}.": "torso 没有 {model_type!r} 这种结构。",
    "Nearest: {nearest}. It has: {known}. Code that comes with a checkpoint is never run.": (
        "最接近的是：{nearest}。已有：{known}。检查点自带的代码从不运行。"
    ),
    "A {family} model has no head for {task}.": "{family} 模型没有用于 {task} 的头。",
    "It has heads for: {known}.": "它有这些任务的头：{known}。",
    # auto
    "torso has no slow tokenizers.": "torso 没有慢速分词器。",
    "Leave use_fast out; the ids are the same.": "去掉 use_fast 即可，得到的 id 相同。",
    "{kind} was asked to load a {family} model.": "{kind} 被用来加载 {family} 模型。",
    "Use AutoModel{suffix}, which takes every family.": "请用 AutoModel{suffix}，它适用于所有结构。",
    "torso: {name} has no {task} head. Made a new one, untrained: its scores mean nothing until you train it.": (
        "torso：{name} 没有 {task} 的头，已新建一个，未经训练：训练之前其分数没有意义。"
    ),
    "torso: {name} has no {task} head. Made a new one, untrained, with {labels} labels: "
    "its scores mean nothing until you train it.": (
        "torso：{name} 没有 {task} 的头，已新建一个含 {labels} 个标签的头，未经训练：训练之前其分数没有意义。"
    ),
    # config
    "Setting config.{name} would change nothing: a config is frozen, and a model is built once.": (
        "给 config.{name} 赋值不会有任何效果：配置是冻结的，模型只构建一次。"
    ),
    "For a built model: model.set({{'{name}': ...}}). For a new one: config.replace({{'{name}': ...}}).": (
        "已构建的模型用：model.set({{'{name}': ...}})；新模型用：config.replace({{'{name}': ...}})。"
    ),
    "{kind} has no parameter {name!r}.": "{kind} 没有参数 {name!r}。",
    "Did you mean {nearest}? All of them: torso config MODEL": "是不是想写 {nearest}？查看全部参数：torso config MODEL",
    "{whole_name} {whole} is not a multiple of {parts_name} {parts}.": (
        "{whole_name} {whole} 不是 {parts_name} {parts} 的整数倍。"
    ),
    "Change {parts_name} to a divisor of {whole}.": "请把 {parts_name} 改为 {whole} 的约数。",
    "{path} says that heads were pruned away (pruned_heads).": "{path} 表明有注意力头被剪除（pruned_heads）。",
    "Use the checkpoint from before the pruning.": "请使用剪枝之前的检查点。",
    "The number of labels of the head is unknown: neither the config nor the call states it.": "没有说明头有多少个标签：配置没有，调用也没有。",
    "Name them: labels=['negative', 'positive'].": "请写出名称：labels=['负面', '正面']。",
    "{path} holds {kind}, not a table of parameters.": "{path} 的内容是 {kind}，不是参数表。",
    "Download config.json again: it begins with {{.": "请重新下载 config.json：它应以 {{ 开头。",
    "In {path}.": "位于 {path}。",
    "In {folder}.": "位于 {folder}。",
    "{name} is {value!r}; torso implements only {default!r}.": "{name} 为 {value!r}；torso 只实现了 {default!r}。",
    "Choose a checkpoint with {name} = {default!r}: another value would change every number.": (
        "请选用 {name} = {default!r} 的检查点：换成别的值，所有数值都会改变。"
    ),
    "{name} is {value!r}; it must be {wanted}.": "{name} 为 {value!r}；它必须是{wanted}。",
    "Write it as {wanted}, such as {default!r}.": "请写成{wanted}，例如 {default!r}。",
    "{name} is {value!r}; it must be between {low} and {high}.": "{name} 为 {value!r}；必须在 {low} 与 {high} 之间。",
    "Use a value in that range; the default is {default!r}.": "请用该范围内的值；默认值是 {default!r}。",
    "{name} is {value!r}, which torso does not have.": "{name} 为 {value!r}，torso 没有它。",
    "Nearest: {nearest}. It has: {known}.": "最接近的是：{nearest}。已有：{known}。",
    "a whole number": "整数",
    "a number": "数",
    "true or false": "true 或 false",
    "a word": "字符串",
    "null": "null",
    "a list": "列表",
    "a table": "表",
    " or ": " 或 ",
    # labels
    "id2label numbers its {count} labels {found}; they must be 0 to {last}.": (
        "id2label 的 {count} 个标签编号为 {found}；必须是 0 到 {last}。"
    ),
    "Number the labels from 0 without gaps.": "请从 0 开始连续编号。",
    "num_labels is {number}, but id2label names {count} labels: {found}.": (
        "num_labels 为 {number}，但 id2label 列出了 {count} 个标签：{found}。"
    ),
    "Give one of the two; the count follows from the names.": "两者只给其一；数量可由名称得出。",
    "label2id is not the inverse of id2label: it says {theirs}, the inverse is {ours}.": (
        "label2id 不是 id2label 的逆：它写的是 {theirs}，而逆是 {ours}。"
    ),
    "Leave label2id out; it follows from id2label.": "去掉 label2id 即可，它可由 id2label 得出。",
    "The config names {count} labels; torso takes at most {most}.": "配置列出了 {count} 个标签；torso 最多接受 {most} 个。",
    "Check id2label and num_labels in config.json.": "请检查 config.json 中的 id2label 与 num_labels。",
    # describe
    "parameter": "参数",
    "value": "值",
    "default": "默认",
    "source": "来源",
    "acts on": "影响",
    "meaning": "含义",
    "file": "文件",
    "you": "你",
    "shape": "形状",
    "run": "运行",
    "train": "训练",
    "-": "-",
    "only {value} is implemented": "仅实现了 {value}",
    "not used by this model; kept, and written back as it is": "此模型不使用；保留，并原样写回",
    "where the file was once loaded from": "该文件当初的加载来源",
    "the version of transformers that wrote the file": "写出该文件的 transformers 版本",
    "whether transformers keeps keys and values while generating; torso decides per call": (
        "transformers 生成时是否缓存键和值；torso 由每次调用决定"
    ),
    "form of transformers' outputs; torso's are always typed": "transformers 输出的形式；torso 的输出总是有类型的",
    "an export mode of transformers": "transformers 的一种导出模式",
    "a training mode of transformers": "transformers 的一种训练模式",
    "a memory mode of transformers that does not change results": "transformers 的一种省内存模式，不改变结果",
    "code that comes with the checkpoint: never run by torso": "检查点自带的代码：torso 从不运行",
    "classes of transformers that the file was saved for": "保存该文件时所用的 transformers 类",
    "labels of the task's head; follows from id2label": "任务头的标签数；由 id2label 得出",
    "name of each label": "每个标签的名称",
    "number of each label, the inverse of id2label": "每个标签的编号，即 id2label 的逆",
    "loss of a sequence head; null decides by the labels given": "序列头的损失；null 表示由所给标签决定",
    "whether padded models return attention weights by default": "带填充的模型是否默认返回注意力权重",
    "whether padded models return every layer's rows by default": "带填充的模型是否默认返回各层的隐藏状态",
    "whether the token embeddings are the output matrix too": "词嵌入是否同时用作输出矩阵",
    "spread of the weights of a new head": "新建头的权重的标准差",
    "number format the weights were saved in; the file itself decides": "保存权重所用的数值格式；以文件本身为准",
    "id of the padding token; torso packs texts and needs none": "填充词元的 id；torso 打包文本，不需要填充",
    "id of the token that begins a text": "文本开头词元的 id",
    "id of the token that ends a text": "文本结尾词元的 id",
    "id of the token between two texts": "两段文本之间的词元的 id",
    "id of the classification token": "分类词元的 id",
    "whether the model has an encoder and a decoder": "模型是否由编码器和解码器组成",
    "whether the blocks see earlier tokens only": "各层是否只能看到前面的词元",
    "whether the blocks read another model's rows": "各层是否读取另一个模型的隐藏状态",
    # fill
    "{folder} has no trained head for {task}: it lacks {some}.": "{folder} 没有训练过的 {task} 头：缺少 {some}。",
    "To start a new one for training: new_head=True.": "要新建一个用于训练：new_head=True。",
    "The weights lack {count} tensors of the trunk: {some}.": "权重缺少主干的 {count} 个张量：{some}。",
    "The weights hold {count} unexpected tensors of the trunk: {some}.": "权重中有 {count} 个张量在主干中没有位置：{some}。",
    "{count} tensors have another shape than the config says: {some}.": "{count} 个张量的形状与配置不符：{some}。",
    "Use config.json and weights of one and the same model; to accept by name: allow=[...].": (
        "请使用同一个模型的 config.json 和权重；要按名称接受：allow=[...]。"
    ),
    "The config says {name} = {said}; the weights hold {found} ({key}).": (
        "配置写的是 {name} = {said}；权重中是 {found}（{key}）。"
    ),
    "Use config.json and weights from the same download; {name} must be {found}.": (
        "请使用同一次下载的 config.json 和权重；{name} 必须是 {found}。"
    ),
    "{key} should repeat {parameter}, but their values differ.": "{key} 应与 {parameter} 相同，但数值不同。",
    "Get it again. If its output matrix is its own, config.json says tie_word_embeddings: false.": (
        "请重新获取模型。如果输出矩阵是独立的，config.json 中应为 tie_word_embeddings: false。"
    ),
    "{folder} cannot be made: {reason}.": "无法创建 {folder}：{reason}。",
    "Choose a folder that you may write to.": "请选择一个可写的文件夹。",
    # loading, model
    "{path} names no model_type, and the weights are of no family that torso has.": (
        "{path} 没有写 model_type，权重也不属于 torso 已有的任何结构。"
    ),
    'Add the line "model_type": "bert" (or what the model is) to config.json.': (
        '请在 config.json 中加上 "model_type": "bert"（或模型的实际类型）。'
    ),
    "Text {index} is {size} tokens; this model takes {limit}. Nothing was run.": (
        "第 {index} 条文本有 {size} 个词元；此模型最多接受 {limit} 个。没有运行任何内容。"
    ),
    "Shorten it, or tokenize with truncation=True, max_length={limit}.": (
        "请缩短它，或在分词时使用 truncation=True, max_length={limit}。"
    ),
    "The head has {there} labels; {given} names were given.": "头有 {there} 个标签；给出了 {given} 个名称。",
    "Name as many, or load again with labels=[...] and new_head=True.": (
        "请给出同样多的名称，或用 labels=[...] 与 new_head=True 重新加载。"
    ),
    "{name} gives the weights their shape; a built model cannot change it.": (
        "{name} 决定权重的形状；已构建的模型不能改变它。"
    ),
    "Load again: load(source, task, changes={{'{name}': ...}}).": "请重新加载：load(source, task, changes={{'{name}': ...}})。",
    "This checkpoint classifies into {there} labels ({names}); {wanted} were asked for.": (
        "该检查点分为 {there} 个标签（{names}）；请求的是 {wanted} 个。"
    ),
    "To start a new head: new_head=True, labels=[...].": "要新建一个头：new_head=True, labels=[...]。",
    "dtype is {asked!r}, which is no floating-point format that models run in.": (
        "dtype 为 {asked!r}，不是模型可用的浮点格式。"
    ),
    "Use one of: {known}.": "请用其中之一：{known}。",
    "labels is {labels!r}; it must be a list of different names.": "labels 为 {labels!r}；它必须是互不相同的名称的列表。",
    "Write labels=['negative', 'positive'].": "请写成 labels=['负面', '正面']。",
    "The task {task} has no labels of its own.": "任务 {task} 没有自己的标签。",
    "Leave out labels and num_labels.": "请去掉 labels 与 num_labels。",
    # BERT
    "entries of the vocabulary": "词表的条目数",
    "width of every hidden state": "每个隐藏状态的宽度",
    "blocks of the trunk": "主干的层数",
    "heads that share the width": "平分宽度的注意力头数",
    "width inside the feed-forward": "前馈网络的内部宽度",
    "activation of the feed-forward": "前馈网络的激活函数",
    "dropout on embeddings and block outputs": "嵌入与各层输出的随机失活率",
    "dropout on attention weights": "注意力权重的随机失活率",
    "longest text, in tokens": "最长文本的词元数",
    "segments: first and second text": "片段数：第一段与第二段文本",
    "added to the variance in every norm": "每个归一化中加到方差上的数",
    "dropout before a head; null takes hidden_dropout_prob": "头之前的随机失活率；null 表示取 hidden_dropout_prob",
    "how positions enter the model": "位置信息进入模型的方式",
    # nn
    "There is no activation {name!r}.": "没有激活函数 {name!r}。",
    "No attention backend computes this exactly ({reasons}).": "没有注意力后端能精确计算它（{reasons}）。",
    "Leave out backend=, or name one of: {names}.": "去掉 backend=，或写其中之一：{names}。",
    # outputs and the border
    "This checkpoint holds no pooler, so there is no pooled output.": "该检查点没有 pooler，因此没有池化输出。",
    "Use the rows of the last hidden state: the first token's, or their mean.": (
        "请用最后一层的隐藏状态：第一个词元的，或其平均。"
    ),
    "There is no loss: no labels were given.": "没有损失：没有给出标签。",
    "Give them: model(..., labels=labels).": "请给出：model(..., labels=labels)。",
    "Ask in the call: model(..., output_hidden_states=True).": "请在调用时请求：model(..., output_hidden_states=True)。",
    "Ask in the call: model(..., output_attentions=True).": "请在调用时请求：model(..., output_attentions=True)。",
    "return_dict=False is not needed: outputs unpack like tuples.": "不需要 return_dict=False：输出可以像元组一样解包。",
    "Leave return_dict out.": "请去掉 return_dict。",
    "input_ids is {kind} {shape}; it must be whole numbers [texts, tokens].": (
        "input_ids 为 {kind} {shape}；必须是形状为 [文本数, 词元数] 的整数。"
    ),
    "Pass what the tokenizer gives: model(**tokenizer(texts, return_tensors='pt')).": (
        "请传入分词器的结果：model(**tokenizer(texts, return_tensors='pt'))。"
    ),
    "{name} is {shape}; it must have the shape of input_ids, {wanted}.": (
        "{name} 的形状为 {shape}；必须与 input_ids 相同：{wanted}。"
    ),
    "Pass all that the tokenizer gives, unchanged.": "请原样传入分词器给出的全部内容。",
    "{name} holds {found}; this model's table ends at {last}.": "{name} 含有 {found}；此模型的表到 {last} 为止。",
    "Use the tokenizer of this very model.": "请使用这个模型自己的分词器。",
    "There is no field {name!r} in this output.": "此输出没有字段 {name!r}。",
    "It has: {known}.": "它有：{known}。",
    "labels is {shape}; it must have the shape of input_ids, {wanted}.": (
        "labels 的形状为 {shape}；必须与 input_ids 相同：{wanted}。"
    ),
    "Give one label per token, -100 where none counts.": "请为每个词元给一个标签，不计入的用 -100。",
    "labels counts places that are padding.": "labels 把填充位置也计入了。",
    "Set them to -100: labels[attention_mask == 0] = -100.": "请设为 -100：labels[attention_mask == 0] = -100。",
    "Row {row} of the attention mask has no token.": "attention_mask 的第 {row} 行没有任何词元。",
    "Leave the row out.": "请去掉这一行。",
    "labels is {shape}; these scores ask for {wanted}.": "labels 的形状为 {shape}；这些分数要求 {wanted}。",
    "Give one label for each thing that is scored.": "请为每个被打分的对象给一个标签。",
    "A label is {label}; this head has the classes 0 to {last}.": "有标签为 {label}；此头的类别为 0 到 {last}。",
    "Use -100 for what shall not count, or load with labels=[...] of the right number.": (
        "不计入的用 -100，或用数量正确的 labels=[...] 加载。"
    ),
}
