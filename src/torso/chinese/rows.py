"""Chinese messages about the rows of a text that are asked for."""

TEXTS: dict[str, str] = {
    "The batch asks for the {only} row of each text alone; this head reads the {pick}.": (
        "该批次只要每条文本的 {only} 行；而此任务头读取的是 {pick}。"
    ),
    "Make the batch with only=model.head.reads, or leave only out.": (
        "请以 only=model.head.reads 构造批次，或不指定 only。"
    ),
}
