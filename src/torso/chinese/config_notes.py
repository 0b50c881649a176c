"""Chinese messages about how a config file and the names of weights were read."""

TEXTS: dict[str, str] = {
    "{path} has the key {name} more than once; the last one counts.": "{path} 中键 {name} 出现多次；以最后一次为准。",
    "{name} in {path} is {value}, which cannot be; it changes no result and is read as {default}.": (
        "{path} 中 {name} 为 {value}，不是可用的值；它不影响结果，按 {default} 读取。"
    ),
    "{path} has label2id without id2label; it names no label and is left aside.": (
        "{path} 有 label2id 而没有 id2label；它不决定标签名，已忽略。"
    ),
    "{path} has numbers for names in id2label; they are read as text.": "{path} 的 id2label 以数字为名；按文本读取。",
    "label2id in {path} is not the inverse of id2label; id2label counts, and label2id follows from it.": (
        "{path} 中 label2id 与 id2label 不互逆；以 id2label 为准，label2id 由它得出。"
    ),
    "{count} names in {folder} come from a wrapped model and are read without it: {name} as {bare}.": (
        "{folder} 中有 {count} 个名称来自被包装的模型，读取时去掉包装：{name} 读作 {bare}。"
    ),
    "{path} is not there, but {found} holds such a config under another name.": (
        "{path} 不存在，但 {found} 以另一个文件名保存着这样的配置。"
    ),
    "Rename it: {found} to config.json": "请把 {found} 改名为 config.json",
}
