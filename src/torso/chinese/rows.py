"""Chinese messages about the rows of a text that are asked for."""

TEXTS: dict[str, str] = {
    "The batch asks for the {wanted} row of each text alone; this head reads the {pool}.": (
        "该批次只要每条文本的 {wanted} 行；而此任务头读取的是 {pool}。"
    ),
    "Make the batch with pool=model.head.pool, or leave pool out.": (
        "请以 pool=model.head.pool 构造批次，或不指定 pool。"
    ),
}
