"""Chinese messages of the kernels' functions."""

TEXTS: dict[str, str] = {
    "There are no kernels here: {reason}.": "此处没有内核：{reason}。",
    "Use torso.kernels.reference, which computes the same in PyTorch.": "请使用 torso.kernels.reference，它用 PyTorch 计算同样的结果。",
    "The instruction set {name} has no products in {kind}.": "指令集 {name} 没有 {kind} 的乘积。",
    "Use another kind of weight.": "请使用另一种权重。",
    "This weight was packed in panels of {packed} columns; the instruction set {name} reads {panel}.": (
        "此权重按每块 {packed} 列排布；指令集 {name} 读取 {panel} 列。"
    ),
    "Pack it again.": "请重新排布。",
    "The kernels do not compute the activation {name!r}.": "内核不计算激活函数 {name!r}。",
    "Apply it to the result of the activation linear.": "请用激活函数 linear，再对结果应用它。",
    "A table of positions needs the positions [{count}].": "有位置表时需要给出位置 [{count}]。",
    "A group of {group} inputs is no multiple of 4.": "每组 {group} 个输入不是 4 的倍数。",
    "{group} inputs that share a scale are too many: in eight bits their sum may overflow.": (
        "共用一个缩放系数的输入有 {group} 个，太多：八位下它们的和可能溢出。"
    ),
    "Use a group of at most {most}.": "请使用至多 {most} 个一组。",
    "The kernels compute no {rule}.": "内核不计算 {rule}。",
    "Use torso.nn.attend, or a rule without cap and dropout and with a scale above 0.": (
        "请使用 torso.nn.attend，或使用没有上限和 dropout、scale 大于 0 的规则。"
    ),
    "{name} is {dtype} on {device}; the kernels read {wanted} on the CPU.": (
        "{name} 是 {device} 上的 {dtype}；内核读取 CPU 上的 {wanted}。"
    ),
    "{name} has the shape {shape}; it must be {wanted}.": "{name} 的形状是 {shape}；应为 {wanted}。",
    "threads must be 1 to 1024, got {count}.": "threads 应为 1 到 1024，得到的是 {count}。",
    "Use 1 to 1024.": "请使用 1 到 1024。",
}
