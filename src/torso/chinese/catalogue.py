"""Chinese texts of ``torso models``."""

TEXTS: dict[str, str] = {
    "List the families of models that torso has: their heads, and what each refuses.": (
        "列出 torso 支持的模型家族：有哪些头、拒绝什么。"
    ),
    "A family is found by the model_type in a model's config.json. What it refuses is refused by name, before anything "
    "is loaded.": "家族由模型 config.json 中的 model_type 决定。不支持的取值会按名字拒绝，且在加载任何内容之前。",
    "List the families of models that torso has.": "列出 torso 支持的模型家族。",
    "family": "家族",
    "heads": "头",
    "kernels": "内核",
    "yes": "是",
    "Those whose encoders the compiled kernels can run are marked; PyTorch runs the others (torso.kernels.about() says "
    "what is in use on this machine).": (
        "编译的内核能运行其编码器的家族已标出；其余的由 PyTorch 运行（torso.kernels.about() 说明本机正在使用什么）。"
    ),
    "{parameter}: only {value} is implemented": "{parameter}：只实现了 {value}",
}
