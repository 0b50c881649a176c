"""Chinese messages about models that are made to run only."""

TEXTS: dict[str, str] = {
    "There is no mode {mode!r}.": "没有 {mode!r} 这种模式。",
    "Use exact, bf16, int8 or auto.": "请使用 exact、bf16、int8 或 auto。",
    "The model is on {device}; these modes are for the CPU.": "模型在 {device} 上；这些模式用于 CPU。",
    'Load it with device="cpu", or load it with dtype=torch.bfloat16 for an accelerator.': (
        '请用 device="cpu" 加载；若用加速器，请以 dtype=torch.bfloat16 加载。'
    ),
    "This processor, or this build of PyTorch, has no kernels for the mode {mode}.": (
        "此处理器或此版 PyTorch 没有 {mode} 模式的内核。"
    ),
    "Use the model as it is, or another mode.": "请直接使用模型，或换一种模式。",
    "In the mode {mode} this model keeps a cosine of {met:.6f} to float32; {least} was asked for.": (
        "在 {mode} 模式下，此模型与 float32 的余弦为 {met:.6f}；要求的是 {least}。"
    ),
    "In the mode {mode} this model keeps a mean cosine of {met:.6f} to float32; {least} was asked for.": (
        "在 {mode} 模式下，此模型与 float32 的平均余弦为 {met:.6f}；要求的是 {least}。"
    ),
    "Use a mode that is nearer (exact, bf16), or say fidelity={enough}.": (
        "请使用更接近的模式(exact、bf16)，或指定 fidelity={enough}。"
    ),
    "In the mode {mode} this model gives numbers that are not finite.": "在 {mode} 模式下，此模型给出的数不是有限数。",
    "Use a mode that is nearer (exact, bf16), or the model as it is.": (
        "请使用更接近的模式(exact、bf16)，或直接使用模型。"
    ),
    "The fidelity is {value}; it is a cosine, from -1 to 1.": "fidelity 为 {value}；它是余弦，取值 -1 到 1。",
    "Leave it out, or give a number such as 0.999.": "请不要指定，或给出 0.999 这样的数。",
    "torso: {mode} is the fastest here with a cosine of at least {least} to float32 (met: {met:.6f}).": (
        "torso：在本机上，与 float32 的余弦不低于 {least} 的模式中 {mode} 最快(实测 {met:.6f})。"
    ),
    "This model was optimised: it runs, and is neither trained, changed, moved, copied nor saved.": (
        "此模型已优化：只能运行，不能训练、更改、移动、复制或保存。"
    ),
    "Load it again for that.": "如需这些操作，请重新加载。",
    "optimise expects a torso.Model, got {kind}.": "optimise 需要 torso.Model，得到的是 {kind}。",
    "Give the result of torso.load, or the .model of a padded model.": (
        "请传入 torso.load 返回的模型，或填充模型的 .model。"
    ),
    "sample must be a torso.Batch of texts, got {kind}.": "sample 应为文本的 torso.Batch，得到的是 {kind}。",
    "Make one: torso.pack(tokenizer.encodings(texts)).": "请这样得到：torso.pack(tokenizer.encodings(texts))。",
    "The sample has no text, or one without tokens: nothing can be measured on it.": (
        "sample 中没有文本，或有一条没有词元：无法据此测量。"
    ),
    "Give a few usual texts, or leave sample= out.": "请给出几条常见的文本，或不指定 sample=。",
    # torso bench
    "Use exact, bf16 or int8.": "请使用 exact、bf16 或 int8。",
    "{file} holds no text.": "{file} 中没有文本。",
    "Name a file with one text per line; without --file random texts are made.": (
        "请指定每行一条文本的文件；不指定 --file 时使用随机文本。"
    ),
    "Measure how fast a model runs on this machine.": "测量模型在本机上的速度。",
    "Measure a model on this machine: how fast it is, and how near to float32, as it is loaded and in each mode of "
    "torso.optimise.": "在本机上测量模型：原样加载以及 torso.optimise 各模式下的速度，与 float32 的接近程度。",
    "All modes take turns, round by round, so that what else the machine does falls on all alike. Without --file the "
    "texts are random tokens of usual lengths.": (
        "各模式逐轮交替运行，使机器上的其他负载对所有模式影响相同。没有 --file 时，文本为常见长度的随机词元。"
    ),
    "exact, bf16 or int8; all of them by default.": "exact、bf16 或 int8；默认全部。",
    "Rounds to run.": "运行的轮数。",
    "mode": "模式",
    "x as loaded": "相对原样",
    "one text: p50": "单条：p50",
    "cosine to float32": "与 float32 的余弦",
    "  ({count} layers kept in bf16)": "  ({count} 层保留 bf16)",
    "{texts} texts, {tokens} tokens; {threads} threads; {parameters} M parameters; at most {peak} MB": (
        "{texts} 条文本，{tokens} 个词元；{threads} 个线程；{parameters} M 参数；内存峰值 {peak} MB"
    ),
    "run by the compiled kernels ({set})": "由编译的内核运行（{set}）",
    "run by PyTorch: {reason}": "由 PyTorch 运行：{reason}",
}
