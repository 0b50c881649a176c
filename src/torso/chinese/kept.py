"""Chinese texts about optimised weights that are kept in a file."""

TEXTS: dict[str, str] = {
    "{path} is there and holds no weights of an optimised model.": "{path} 已经存在，但其中没有优化后模型的权重。",
    "Give the name of a file that is not there yet.": "请给出一个尚不存在的文件名。",
    "{path} is not as torso wrote it: it was changed or damaged since.": (
        "{path} 与 torso 写入时不同：之后被更改或已损坏。"
    ),
    "{reason}.": "{reason}。",
    "Delete it: it is written again at the next call.": "请删除该文件：下次调用时会重新写入。",
    "What PyTorch lays out for this model cannot be kept in a file; only weights of the kernels can.": (
        "PyTorch 为该模型排布的权重不能保存到文件；只有内核的权重可以。"
    ),
    "Leave file= out; torso.kernels.about() says why there are no kernels.": (
        "请去掉 file=；torso.kernels.about() 会说明为什么没有内核。"
    ),
}
