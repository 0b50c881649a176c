"""Chinese words of the commands that run tasks: their help, their files, what they print."""

TEXTS: dict[str, str] = {
    # files and forms
    "--json and --csv cannot be used together.": "--json 与 --csv 不能同时使用。",
    "{file} has columns, and none is named.": "{file} 有多列，但没有指定用哪一列。",
    "Name the one that holds the text: --column text": "请指定文本所在的列：--column text",
    "{file} has no columns: --column is for .jsonl, .csv and .tsv.": "{file} 没有列：--column 用于 .jsonl、.csv 和 .tsv。",
    "Leave --column out, or rename the file after its form.": "请去掉 --column，或按格式给文件改名。",
    "Line {number} of {file} has no column {column}.": "{file} 第 {number} 行没有列 {column}。",
    "Line {number} of {file} is no JSON object.": "{file} 第 {number} 行不是 JSON 对象。",
    'Write one object a line: {{"text": "..."}}': '请每行写一个对象：{{"text": "..."}}',
    "Line {number} of {file} has {found} fields; the first line names {count}.": (
        "{file} 第 {number} 行有 {found} 个字段；首行只列出 {count} 个。"
    ),
    'Put a field that holds the mark between fields in quotes: "a, b".': '含有分隔符的字段请加引号："a, b"。',
    "{file} cannot be read as a table, after line {number}: {reason}.": "{file} 在第 {number} 行之后无法读作表格：{reason}。",
    "Save it as UTF-8, with the same mark between fields on every line.": "请存为 UTF-8，每行用同样的分隔符。",
    "Row {number} holds {kind} where a text is wanted.": "第 {number} 行应为文本处是 {kind}。",
    "Name another column, or make it a string.": "请换一列，或改成字符串。",
    "Print comma-separated values under a header.": "输出带表头的逗号分隔值。",
    "Read one text per line, or row; - is standard input.": "每行读一条文本；- 表示标准输入。",
    "Column of a .jsonl, .csv or .tsv file that holds the text; twice for pairs.": (
        ".jsonl、.csv 或 .tsv 文件中文本所在的列；文本对写两次。"
    ),
    "Where to run: cpu, cuda, cuda:1, mps; else a GPU if any.": "在哪里运行：cpu、cuda、cuda:1、mps；未指定时有 GPU 则用 GPU。",
    # long texts
    "Texts longer than the model takes: refuse them, read their beginning, or read all of them in windows.": (
        "文本超过模型上限时：拒绝(error)，只读开头(truncate)，或分窗口全部读完(window)。"
    ),
    "With --long window: tokens that a window repeats.": "用 --long window 时：相邻窗口重复的词元数。",
    "With --long window: what makes one result of the windows'; the first by default.": (
        "用 --long window 时：如何把各窗口的结果合为一个；默认为第一种。"
    ),
    # classify, zero-shot, tag, fill
    "One text is shown with every label, several as lines of label, score and text with tabs between. Two columns of a "
    "table are read as pairs.": (
        "一条文本时列出所有标签；多条时每行依次为标签、分数、文本，以制表符分隔。表格的两列按文本对读取。"
    ),
    "How many labels have their score given; all otherwise.": "给出几个标签的分数；未指定时给出全部。",
    "Label texts with any labels.": "用任意标签给文本分类。",
    "Label texts with labels that the model was never trained for.": "用模型从未学过的标签给文本分类。",
    "The model tells whether one sentence follows from another (natural language inference): each text is read with "
    '"This example is LABEL." for every label.': (
        "模型判断一句话能否由另一句推出(自然语言推理)：每条文本与每个标签的“This example is LABEL.”一起读。"
    ),
    "A label; repeat it.": "一个标签；可重复使用。",
    "The model's label for what follows, where its name does not tell.": "模型中表示蕴含的标签，用于从名字看不出来时。",
    "The model's label for what cannot be true.": "模型中表示矛盾的标签。",
    "A text may have several of the labels: each is judged by itself.": "一条文本可有多个标签：各标签单独判断。",
    "Sentence that shall follow from the text; {} stands for the label.": "应由文本推出的句子；{} 代表标签。",
    "A way of transformers to make parts of tokens, in place of torso's own.": (
        "用 transformers 的某种方式由词元得到各部分，代替 torso 自己的方式。"
    ),
    "The only proposals; may be repeated.": "只在这些词元中选；可重复使用。",
    "Leave out special tokens and pieces that go on a word.": "不给特殊词元和词的后续片段。",
    # answer, choose
    "Find the answer to a question in texts.": "在文本中查找问题的答案。",
    "The first argument is the question, what follows are the texts; a question and its text can also be two columns of "
    "a table. Long texts are read in windows. Places count characters of the text as it was given.": (
        "第一个参数是问题，其后是文本；问题和文本也可以是表格的两列。长文本分窗口读取。位置按原文的字符计数。"
    ),
    "How many answers to each question.": "每个问题给出几个答案。",
    'Let "it is not in the text", an empty answer, be one.': "允许空答案，即“文本中没有”。",
    "Tokens of an answer.": "答案最多几个词元。",
    "A question and a text are wanted: QUESTION TEXT, or two columns: --column question --column text.": (
        "需要一个问题和一条文本：QUESTION TEXT，或两列：--column question --column text。"
    ),
    "Nothing in this text is an answer.": "这条文本中没有答案。",
    "not there": "文中没有",
    "Choose between alternatives.": "在备选项中选择。",
    "Choose between alternatives: which one goes best with a question or a beginning.": (
        "在备选项中选择：哪一个与问题或开头最相配。"
    ),
    "The first argument is the question, what follows are the alternatives. In a .jsonl file, one column holds the "
    "question and a second one the list of its alternatives.": (
        "第一个参数是问题，其后是备选项。在 .jsonl 文件中，一列是问题，另一列是备选项的列表。"
    ),
    "Alternatives are wanted after the question: torso choose QUESTION CHOICE CHOICE ...": (
        "问题之后需要备选项：torso choose QUESTION CHOICE CHOICE ..."
    ),
    "Two columns are wanted: --column question --column choices.": "需要两列：--column question --column choices。",
    # embed, similar, rerank, search
    "How a model's rows become one vector is read from its folder, as sentence-transformers writes it; where the "
    "folder does not say, --pooling must. On a terminal a line per text tells what came out; the numbers go to "
    "--output, --json or --csv. torso encode is the same command.": (
        "如何把各行变成一个向量，按 sentence-transformers 的格式从模型文件夹读取；文件夹没有说明时必须用 --pooling 指定。"
        "终端上每条文本只显示一行概要；完整的数用 --output、--json 或 --csv 输出。torso encode 是同一个命令。"
    ),
    "Put TEXT before each text; otherwise what the folder puts there.": "在每条文本前加 TEXT；未指定时按模型文件夹所述。",
    "One of the folder's prompts, by its name.": "模型文件夹中的一个提示词，写它的名字。",
    "Keep the first N numbers, of models trained for it.": "只保留前 N 个数，用于为此训练过的模型。",
    "Put texts in order by likeness to a query.": "按与查询的相似程度给文本排序。",
    "Put texts in order: those most like a query first, by their vectors.": "给文本排序：按向量，与查询最相似的在前。",
    "The first argument is the query, what follows are the texts. How texts become vectors and how these are compared "
    "is read from the model's folder.": ("第一个参数是查询，其后是文本。如何得到向量、如何比较，从模型文件夹读取。"),
    "How many texts are given; all otherwise.": "给出几条文本；未指定时给出全部。",
    "Put texts in order by reading each with a query.": "把每条文本与查询一起读，给文本排序。",
    "Put texts in order: those that fit a query best first, by a model that reads both together.": (
        "给文本排序：由同时读两者的模型判断，与查询最相配的在前。"
    ),
    "The first argument is the query, what follows are the texts. It is slower and surer than torso similar: give it "
    "the best of what that finds.": (
        "第一个参数是查询，其后是文本。比 torso similar 慢而准：请把后者找到的最好结果交给它。"
    ),
    "Find passages in a folder of texts.": "在一个文件夹的文本中查找段落。",
    "Find the passages of a folder of texts that fit a query best.": "在一个文件夹的文本中查找与查询最相配的段落。",
    "Every passage of the folder's .txt and .md files is compared. Their vectors are kept in the folder, in "
    ".torso-search.safetensors, and recomputed only for files that have changed, or for another model.": (
        "与文件夹中 .txt 和 .md 文件的每个段落逐一比较。段落的向量保存在该文件夹的 .torso-search.safetensors 中，"
        "只有文件改变或换模型时才重新计算。"
    ),
    "How many passages are given.": "给出几个段落。",
    "Neither read nor write the file of vectors.": "不读也不写向量文件。",
    # the tour
    "The text as a vector": "文本变成向量",
}
