"""Chinese messages about GGUF files."""

TEXTS: dict[str, str] = {
    "{path} is no GGUF file: it does not begin with the letters GGUF.": "{path} 不是 GGUF 文件：开头不是 GGUF 四个字母。",
    "Download it again, or name a GGUF file.": "请重新下载，或指定 GGUF 文件。",
    "{path} is of GGUF version {version}; torso reads 2 and 3, of little-endian machines.": (
        "{path} 是第 {version} 版 GGUF；torso 只读小端机器写的第 2 和第 3 版。"
    ),
    "Look for the same model in a later GGUF, or in safetensors.": "请寻找同一模型的较新 GGUF 或 safetensors。",
    "Choose one of the names in GgufFile.tensors.": "请从 GgufFile.tensors 中选择名称。",
    "{name} in {path} is stored in blocks of type {code}, which torso does not read. It reads {known}.": (
        "{path} 中的 {name} 以类型 {code} 的块存储，torso 不读取；可读取的有 {known}。"
    ),
    "{path} is a malformed GGUF file: it has {found} before byte {position}.": (
        "{path} 是损坏的 GGUF 文件：在第 {position} 字节之前有 {found}。"
    ),
    "Download it again.": "请重新下载。",
    "{path} describes more than torso reads: {bytes} bytes, {values} values or {tensors} tensors.": (
        "{path} 的描述超出 torso 的读取上限：{bytes} 字节、{values} 个值或 {tensors} 个张量。"
    ),
    "{path} holds the tensor {name}, which a Llama model does not have.": "{path} 中有张量 {name}，Llama 没有对应的位置。",
    "Use the model's safetensors.": "请使用该模型的 safetensors。",
    "{path} says {key} = {value}; torso converts only {known}.": "{path} 中 {key} = {value}；torso 只转换 {known}。",
    "{path} does not describe a model: {key} is missing or cannot be.": "{path} 没有描述模型：{key} 缺失或不可用。",
}
