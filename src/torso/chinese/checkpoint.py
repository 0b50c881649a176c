"""Chinese messages about reading and writing files, weights above all."""

TEXTS: dict[str, str] = {
    # files, paths, JSON
    "{path} cannot be read: {reason}.": "无法读取 {path}：{reason}。",
    "Check the path and its permissions.": "请检查路径和权限。",
    "{path} cannot be written: {reason}.": "无法写入 {path}：{reason}。",
    "Check that its folder exists and that you may write there.": "请确认所在文件夹存在且有写入权限。",
    "{path} is a folder, and a file is wanted there.": "{path} 是文件夹，此处需要的是文件。",
    "Name the file inside it, or take the folder away.": "请指定其中的文件，或移走该文件夹。",
    "{path} is a pipe, socket or device; it was not opened.": "{path} 是管道、套接字或设备，未打开。",
    "Put a regular file in its place.": "请换成普通文件。",
    "{path} is not below {folder}.": "{path} 不在 {folder} 之下。",
    "{folder} is below the working folder, and that was removed.": "{folder} 位于当前工作目录之下，而该目录已被删除。",
    "Go to a folder that is there, and run the same command again: cd ~": (
        "请进入一个存在的目录，然后重新运行同一命令：cd ~"
    ),
    "Choose another folder.": "请换一个文件夹。",
    "{path} is a hard link: what is written there would change another file too. Nothing was written.": (
        "{path} 是硬链接，写入会同时改变另一个文件。没有写入任何内容。"
    ),
    "Delete the link: {path}": "请删除该链接：{path}",
    "{path} is a link, which could lead out of {folder}. Nothing was written or removed through it.": (
        "{path} 是链接，可能指向 {folder} 之外。没有通过它写入或删除任何内容。"
    ),
    "Delete the link, and run the same command again: {path}": "请删除该链接，然后重新运行同一命令：{path}",
    "{path} is a link to {target}, which is not there.": "{path} 是指向 {target} 的链接，而目标不存在。",
    "Download the file again: torso repair {folder}": "请重新下载该文件：torso repair {folder}",
    "{path} is not there.": "{path} 不存在。",
    "Download it: torso repair {folder}": "请下载：torso repair {folder}",
    "{path} is empty: its download did not finish.": "{path} 是空文件：下载没有完成。",
    "Download it again: torso repair {folder}": "请重新下载：torso repair {folder}",
    "{path} is a Git LFS pointer; the file itself ({size} bytes) was never downloaded.": (
        "{path} 只是 Git LFS 指针，真正的文件({size} 字节)从未下载。"
    ),
    "Run: torso repair {folder}   (git-lfs is not needed)": "请运行：torso repair {folder}   (不需要 git-lfs)",
    "{path} is a web page saved under this name, not the file.": "{path} 是以此名保存的网页，不是文件本身。",
    "Download the file itself: torso repair {folder}, or the download button of the page.": (
        "请下载文件本身：torso repair {folder}，或点击网页上的下载按钮。"
    ),
    "The disk has no room for {path}; nothing was left half-written.": (
        "磁盘空间不足，无法写入 {path}；没有留下半个文件。"
    ),
    "Free some space, or choose another folder.": "请腾出空间，或换一个文件夹。",
    "{path} has {size} bytes; at most {limit} are read.": "{path} 有 {size} 字节，最多读取 {limit} 字节。",
    "Check that this is the file you mean.": "请确认这就是您要的文件。",
    "{path} is not UTF-8 text: byte {byte} at offset {offset}. It looks like: {kind}.": (
        "{path} 不是 UTF-8 文本：偏移 {offset} 处的字节为 {byte}。看起来是：{kind}。"
    ),
    "Save it as UTF-8, or download it again: torso repair {folder}": (
        "请另存为 UTF-8，或重新下载：torso repair {folder}"
    ),
    "The name {name} in a file of {folder} is refused: it is absolute, leads upwards, or is no safe file name.": (
        "{folder} 的某个文件中出现的文件名 {name} 被拒绝：它是绝对路径、指向上级目录，或不是安全的文件名。"
    ),
    "Get the model again from a source you trust.": "请从可信来源重新获取该模型。",
    "{name} in {folder} is a link to {target}, outside that folder.": (
        "{folder} 中的 {name} 是链接，指向文件夹之外的 {target}。"
    ),
    "Put the file itself in the folder.": "请把文件本身放进该文件夹。",
    "{name} in {folder} is a folder, pipe, socket, device or endless link; it was not opened.": (
        "{folder} 中的 {name} 是文件夹、管道、套接字、设备或循环链接，未打开。"
    ),
    "{path} is not valid JSON: {reason}.": "{path} 不是合法的 JSON：{reason}。",
    "Correct the file, or download it again: torso repair {folder}": "请改正该文件，或重新下载：torso repair {folder}",
    # which files
    "No weights in {folder}. Wanted: {wanted}. There: {found}.": "{folder} 中没有权重。需要：{wanted}。现有：{found}。",
    "Download them: torso repair {folder}": "请下载：torso repair {folder}",
    "No weights in {folder}, but leftovers of a download that stopped or was repeated: {leftovers}.": (
        "{folder} 中没有权重，只有中断或重复下载的残留：{leftovers}。"
    ),
    "Finish it: torso repair {folder}   (a whole file needs only its right name: model.safetensors)": (
        "请完成下载：torso repair {folder}   (若文件已完整，改回正确的名字即可：model.safetensors)"
    ),
    "No weights in {folder}, but a file named {name}.": "{folder} 中没有权重，但有名为 {name} 的文件。",
    "Rename it to {meant}.": "请改名为 {meant}。",
    "The folder {folder} is not there.": "文件夹 {folder} 不存在。",
    "Check the path.": "请检查路径。",
    "{folder} is a file; a model is a folder with a config, a tokenizer and weights.": (
        "{folder} 是文件；模型是一个文件夹，内有配置、分词器和权重。"
    ),
    "Name the folder that the file is in.": "请指定该文件所在的文件夹。",
    "The folder {folder} cannot be read: {reason}.": "无法读取文件夹 {folder}：{reason}。",
    "Check its permissions.": "请检查权限。",
    "{path} holds text, not weights; perhaps an error message was saved in place of the file.": (
        "{path} 里是文本而不是权重；可能把出错信息存成了文件。"
    ),
    "{path} is really of the format {kind}.": "{path} 实际上是 {kind} 格式。",
    "Rename it to {name}, if that is what you want to load.": "若要加载的就是它，请改名为 {name}。",
    "{path} is really of the format {kind}, which torso does not read.": "{path} 实际上是 torso 不读取的 {kind} 格式。",
    "Unpack it if it is an archive, or download the weights again: torso repair {folder}": (
        "若是压缩包请先解压，或重新下载权重：torso repair {folder}"
    ),
    "The weights come from {path}; another form of them is incomplete ({code}).": (
        "权重取自 {path}；另一种格式的权重不完整({code})。"
    ),
    # index
    "{path} is no index of weights: it needs a weight_map from names of tensors to names of files.": (
        "{path} 不是权重索引：缺少从张量名到文件名的 weight_map。"
    ),
    "{missing} of {count} weight files named in {path} are missing: {names}.": (
        "{path} 列出的 {count} 个权重文件缺了 {missing} 个：{names}。"
    ),
    "{path} is too large for an index: {size} bytes, where {limit} hold any model.": (
        "{path} 作为索引太大：{size} 字节，而任何模型 {limit} 字节都够。"
    ),
    "{path} does not fit its files: {name} is in {found}.": "{path} 与文件不符：{name} 在 {found} 中。",
    "Download them again: torso repair {folder}": "请重新下载：torso repair {folder}",
    "{count} tensors in the files of {path} are not listed there, first {name}.": (
        "{path} 的文件中有 {count} 个张量未被索引列出，第一个是 {name}。"
    ),
    "{path} announces {claimed} bytes of weights; there are {size}.": (
        "{path} 声称权重有 {claimed} 字节，实际为 {size}。"
    ),
    # tensors and their values
    "{path} is truncated: it has {have} of {need} bytes, {missing} are missing.": (
        "{path} 不完整：应有 {need} 字节，现有 {have} 字节，缺 {missing} 字节。"
    ),
    "{name} in {path} has the shape {got}; the model needs {want}.": (
        "{path} 中 {name} 的形状为 {got}，模型需要 {want}。"
    ),
    "Use the config that belongs to these weights.": "请使用与这些权重配套的配置。",
    "{name} in {path} is stored as {stored}, which cannot become {wanted} without changing its meaning.": (
        "{path} 中 {name} 的类型为 {stored}，转成 {wanted} 会改变其含义。"
    ),
    "Use a checkpoint that stores this weight as floating-point numbers.": "请使用以浮点数保存该权重的模型。",
    "Weight files are read on little-endian machines only.": "只能在小端机器上读取权重文件。",
    "Use a little-endian machine.": "请换用小端机器。",
    "{name} in {path} holds {value} at {place}.": "{path} 中 {name} 在 {place} 处的值为 {value}。",
    "Get the model again, or accept such values with allow_nonfinite=True.": (
        "请重新获取该模型，或用 allow_nonfinite=True 接受这样的值。"
    ),
    "{name} in {path} holds {value} at {place}, too large for {wanted}.": (
        "{path} 中 {name} 在 {place} 处的值为 {value}，超出 {wanted} 的范围。"
    ),
    "Load with dtype=torch.float32 or torch.bfloat16.": "请用 dtype=torch.float32 或 torch.bfloat16 加载。",
    "Every number of {name} in {path} is the same.": "{path} 中 {name} 的所有数值都相同。",
    "There is no tensor {name} in {path}.": "{path} 中没有张量 {name}。",
    "Choose one of the names in Weights.entries.": "请从 Weights.entries 中选择名称。",
    "{path} holds more than {limit} tensors, the most that torso reads.": (
        "{path} 中的张量超过 torso 读取的上限 {limit} 个。"
    ),
    # safetensors
    "{name} in {path} is stored as {dtype}, which torso does not read. It reads {known}.": (
        "{path} 中 {name} 的类型为 {dtype}，torso 不支持。支持的类型：{known}。"
    ),
    "Look for the same model in one of these types.": "请查找同一模型的上述类型版本。",
    "{path} has a malformed safetensors header: {found} at byte {position} is not what the format puts there.": (
        "{path} 的 safetensors 文件头有误：第 {position} 字节处的 {found} 不合格式。"
    ),
    "{path} names {name} twice in its header; readers would disagree on which one counts.": (
        "{path} 的文件头两次出现 {name}；不同的读取程序会取不同的一个。"
    ),
    "Get the file again from a source you trust.": "请从可信来源重新获取该文件。",
    "{name} in the header of {path} has an impossible shape or size: {found}.": (
        "{path} 文件头中 {name} 的形状或大小不可能成立：{found}。"
    ),
    "{name} in the header of {path} does not begin where the tensor before it ends: {found}.": (
        "{path} 文件头中 {name} 没有紧接在前一个张量之后：{found}。"
    ),
    "{path} holds more than {limit} bytes of metadata, the most that torso reads.": (
        "{path} 的元数据超过 torso 读取的上限 {limit} 字节。"
    ),
    "{path} has {count} bytes after its last tensor, where a safetensors file ends.": (
        "{path} 在最后一个张量之后还有 {count} 字节，safetensors 文件本应到此结束。"
    ),
    "{path} announces a header of {size} bytes; the format allows {limit}. It is no safetensors file.": (
        "{path} 声称文件头有 {size} 字节，而格式最多允许 {limit}。它不是 safetensors 文件。"
    ),
    "{name} cannot be saved: it is {dtype} or not dense. Saved are dense tensors of {known}.": (
        "无法保存 {name}：类型为 {dtype}，或不是稠密张量。可保存的是以下类型的稠密张量：{known}。"
    ),
    "Convert it first: tensor.to(torch.float32), tensor.to_dense() or tensor.dequantize().": (
        "请先转换：tensor.to(torch.float32)、tensor.to_dense() 或 tensor.dequantize()。"
    ),
    "{name} cannot be saved: it has a shape and no values yet.": "无法保存 {name}：它只有形状，还没有数值。",
    "Load the model's weights first.": "请先加载模型的权重。",
    "{name} cannot be the name of a tensor in a safetensors file.": "{name} 不能用作 safetensors 文件中的张量名。",
    "Rename the parameter.": "请给该参数改名。",
    # torch.save
    "{path} is a pickle that torch.save did not write.": "{path} 是 pickle 文件，但不是 torch.save 写的。",
    "Ask its author for safetensors.": "请向作者索取 safetensors 格式。",
    "{path} was saved by a big-endian machine or in another protocol than {protocol}.": (
        "{path} 由大端机器保存，或所用协议不是 {protocol}。"
    ),
    "{path} has {count} bytes after its last tensor, where the file ends.": (
        "{path} 在最后一个张量之后还有 {count} 字节，文件本应到此结束。"
    ),
    "{path} refers to {found}, so it is not a plain state dict; loading it could run code. Nothing was run.": (
        "{path} 引用了 {found}，因此不是单纯的 state dict；加载它可能会执行代码。没有执行任何代码。"
    ),
    "Ask its author for safetensors, or for torch.save(model.state_dict(), ...).": (
        "请向作者索取 safetensors 格式，或 torch.save(model.state_dict(), ...) 保存的文件。"
    ),
    "{path} holds a malformed pickle: step {opcode} before byte {position} cannot be followed.": (
        "{path} 中的 pickle 有误：第 {position} 字节之前的操作 {opcode} 无法执行。"
    ),
    "{path} holds a pickle of more than {steps} steps or {bytes} bytes, the most that torso follows.": (
        "{path} 中的 pickle 超过上限：{steps} 步或 {bytes} 字节。"
    ),
    "{path} holds no state dict, or several: {found}.": "{path} 中没有 state dict，或不止一个：{found}。",
    "Ask its author for torch.save(model.state_dict(), ...), or for safetensors.": (
        "请向作者索取 torch.save(model.state_dict(), ...) 保存的文件，或 safetensors 格式。"
    ),
    "{path} also holds what are no weights: {names}.": "{path} 中还有不是权重的内容：{names}。",
    "The weights in {path} were taken from its part {names}.": "{path} 中的权重取自其中的 {names} 部分。",
    "A tensor in {path} reaches outside the numbers that the file holds for it (storage {key}).": (
        "{path} 中有张量超出了文件为它保存的数据范围(存储 {key})。"
    ),
    "A tensor in {path} repeats the {count} numbers of storage {key} to the shape {shape}; tensors may take at most "
    "{most} bytes more than the file holds.": (
        "{path} 中有张量把存储 {key} 的 {count} 个数重复成形状 {shape}；张量最多可以比文件所存多占 {most} 字节。"
    ),
    "Save contiguous copies: torch.save({{k: v.contiguous() for k, v in state.items()}}, ...).": (
        "请保存连续的副本：torch.save({{k: v.contiguous() for k, v in state.items()}}, ...)。"
    ),
    "{path} was written by a PyTorch of before 2018, in a form torso does not read.": (
        "{path} 由 2018 年以前的 PyTorch 写成，torso 不读取这种格式。"
    ),
    "{path} is in the tar form of PyTorch before 2017, or in pickle protocol 0 or 1; torso reads neither.": (
        "{path} 是 PyTorch 在 2017 年以前使用的 tar 格式，或 pickle 协议 0、1；torso 都不读取。"
    ),
    "{path} is a zip archive, but not one of torch.save: it has no data.pkl.": (
        "{path} 是 zip 压缩包，但不是 torch.save 写的：其中没有 data.pkl。"
    ),
    "If a model was zipped, unpack it and name its folder.": "若是打包的模型，请解压后指定其文件夹。",
    "{path} is a TorchScript program, not a state dict. Nothing was run.": (
        "{path} 是 TorchScript 程序，不是 state dict。没有执行任何代码。"
    ),
    "{path} was saved by a big-endian machine; torso reads little-endian files.": (
        "{path} 由大端机器保存；torso 读取小端文件。"
    ),
    "{path} is damaged: the checksum of {name} in it is wrong.": "{path} 已损坏：其中 {name} 的校验和不符。",
    "{path} is no file of PyTorch's: it begins neither as a zip archive nor as a pickle.": (
        "{path} 不是 PyTorch 的文件：开头既不是 zip 压缩包，也不是 pickle。"
    ),
    "{path} is no zip archive that PyTorch would write: {reason}.": (
        "{path} 不是 PyTorch 会写出的 zip 压缩包：{reason}。"
    ),
    "{path} lists {count} entries in {size} bytes; torso reads at most {limit} tensors.": (
        "{path} 列出 {count} 个条目，共 {size} 字节；torso 最多读取 {limit} 个张量。"
    ),
    "{path} is truncated or damaged: its {have} bytes do not end with the directory of a zip archive.": (
        "{path} 不完整或已损坏：读完 {have} 字节仍没有 zip 压缩包结尾处的目录。"
    ),
}
