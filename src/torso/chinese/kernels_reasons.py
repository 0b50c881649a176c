"""Chinese forms of why the kernels do not run a model, or are not there."""

TEXTS: dict[str, str] = {
    "not a plain encoder": "不是普通的编码器",
    "its block is a {name}": "其层是 {name}",
    "its feed-forward is a {name}": "其前馈网络是 {name}",
    "its attention is a {name}": "其注意力是 {name}",
    "its positions are a {name}": "其位置编码是 {name}",
    "it norms its heads": "它对各注意力头做归一化",
    "its scores have a cap": "其注意力分数有上限",
    "another bias of its scores": "其注意力分数带有另一种偏置",
    "a norm of another kind": "使用另一种归一化",
    "another activation": "使用另一种激活函数",
    "a width that is no multiple of 4": "有宽度不是 4 的倍数",
    "more than two kinds of rotary angles": "旋转位置编码的角度超过两种",
    "no blocks": "没有层",
    "blocks of unlike sizes": "各层的大小不一",
    "its scores have a scale that is not above 0": "其注意力分数的缩放系数不大于 0",
    "{variable} is {text}; here it may be one of: {known}.": "{variable} 是 {text}；此处可用的值：{known}。",
    "Set it to one of them, or unset it.": "请设为其中之一，或取消设置。",
    "A rule of attention has {name}={value}; it must be from 0 to {most}, or None for all keys.": (
        "注意力规则的 {name}={value}；应为 0 到 {most}，或用 None 表示所有键。"
    ),
    "Correct the window of the config, or of the call.": "请更正配置或调用中的窗口大小。",
    "a decoder, which reads on from a cache": "是解码器，要接着缓存继续读",
    "{setting}=0 turns them off": "{setting}=0 关闭了内核",
    "they were not compiled when torso was installed": "安装 torso 时没有编译内核",
    "{path} is of version {version}, not {wanted}": "{path} 的版本是 {version}，不是 {wanted}",
}
