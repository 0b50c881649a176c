"""Chinese help and messages of the commands that write: generate, chat, translate, summarise."""

TEXTS: dict[str, str] = {
    "Write on where texts end.": "从文本结束处接着写。",
    "How a model writes is read from its folder (torso config MODEL shows it); options change it, and an option that would change nothing is refused. With --stream the text is shown while it is written.": "模型怎样写，由其文件夹决定(用 torso config MODEL 查看)；选项可以改变它，不起作用的选项会被拒绝。加 --stream 则边写边显示。",
    """\b
Examples:
  torso generate "Once upon a time" --model gpt2 --max-new-tokens 40 --stream
  torso generate "从前" --model Qwen/Qwen3-0.6B-Base --sample --temperature 0.8 --seed 1
  torso generate "The capital of France is" --model gpt2 --num-beams 4 --answers 2
  torso generate --file prompts.txt --model gpt2 --stop "." --json""": """\b
示例：
  torso generate "Once upon a time" --model gpt2 --max-new-tokens 40 --stream
  torso generate "从前" --model Qwen/Qwen3-0.6B-Base --sample --temperature 0.8 --seed 1
  torso generate "The capital of France is" --model gpt2 --num-beams 4 --answers 2
  torso generate --file prompts.txt --model gpt2 --stop "." --json""",
    "Talk with a model that was made for chats.": "与为对话而训练的模型交谈。",
    "With a message, its answer is printed. Without one, each line that is typed or piped in is a message, and the whole chat so far is read each time; an empty line or the end of the input ends it. The form of the chat is the one in the model's tokenizer files.": "给出一条消息，则打印它的回答。不给消息时，输入或由管道传入的每一行都是一条消息，每次都会读取至此的全部对话；空行或输入结束即结束。对话的形式取自模型分词器的文件。",
    """\b
Examples:
  torso chat "What is a transformer?" --model Qwen/Qwen3-0.6B
  torso chat --model Qwen/Qwen3-0.6B --system "你是一个翻译。" --max-new-tokens 200
  echo "Hello" | torso chat --model Qwen/Qwen3-0.6B --seed 1 --json""": """\b
示例：
  torso chat "What is a transformer?" --model Qwen/Qwen3-0.6B
  torso chat --model Qwen/Qwen3-0.6B --system "你是一个翻译。" --max-new-tokens 200
  echo "Hello" | torso chat --model Qwen/Qwen3-0.6B --seed 1 --json""",
    "Translate texts, by a model made for it.": "用为翻译而训练的模型翻译文本。",
    "How languages are said is the model's: mBART has codes (en_XX, zh_CN), T5 has en, de, fr and ro, and a Marian model has one pair, so that nothing is to be said.": "语言怎样称呼由模型决定：mBART 用代码(en_XX、zh_CN)，T5 用 en、de、fr 和 ro，Marian 模型只有一对语言，不必指定。",
    """\b
Examples:
  torso translate "Good morning" --model Helsinki-NLP/opus-mt-en-zh
  torso translate "Good morning" --from en_XX --to ro_RO --model facebook/mbart-large-en-ro
  torso translate "Good morning" --from en --to de --model google-t5/t5-small
  torso translate --file lines.txt --model Helsinki-NLP/opus-mt-en-zh --num-beams 4""": """\b
示例：
  torso translate "Good morning" --model Helsinki-NLP/opus-mt-en-zh
  torso translate "Good morning" --from en_XX --to ro_RO --model facebook/mbart-large-en-ro
  torso translate "Good morning" --from en --to de --model google-t5/t5-small
  torso translate --file lines.txt --model Helsinki-NLP/opus-mt-en-zh --num-beams 4""",
    "Say texts in fewer words, by a model made for it.": "用为摘要而训练的模型把文本说得更短。",
    """\b
Examples:
  torso summarise --file articles.txt --model facebook/bart-large-cnn
  torso summarise "A long story ..." --model google-t5/t5-small --max-new-tokens 60
  torso summarise --file articles.jsonl --column body --model facebook/bart-large-cnn --json""": """\b
示例：
  torso summarise --file articles.txt --model facebook/bart-large-cnn
  torso summarise "A long story ..." --model google-t5/t5-small --max-new-tokens 60
  torso summarise --file articles.jsonl --column body --model facebook/bart-large-cnn --json""",
    "Any other option of writing, by its name; may be repeated.": "写作的任何其他参数，按其名称给出；可多次使用。",
    "Tokens written at most.": "最多写出的词元数。",
    "Follow N texts side by side and give the best.": "同时跟踪 N 个文本，给出其中最好的。",
    "Texts written side by side.": "同时写的文本数。",
    "Repeat what was drawn with the same N.": "用同一个 N 可重复抽取的结果。",
    "Draw from the likeliest tokens that add up to P.": "从概率之和达到 P 的最可能的词元中抽取。",
    "Draw safer below 1, wilder above.": "小于 1 更集中，大于 1 更发散。",
    "Draw tokens by chance; otherwise as the model's files say.": "随机抽取词元；未指定时按模型文件所说。",
    "Language to write in, as the model names it.": "译文的语言，按模型的叫法。",
    "Language of the texts, as the model names it.": "原文的语言，按模型的叫法。",
    "Draw from the N likeliest tokens; 0 for all.": "从最可能的 N 个词元中抽取；0 表示全部。",
    "Write N texts for each prompt.": "每个提示写出 N 个文本。",
    "End before TEXT; may be repeated.": "在 TEXT 之前结束；可多次使用。",
    "Never write TEXT; may be repeated.": "绝不写出 TEXT；可多次使用。",
    "Texts longer than the model takes: refuse them, read their beginning, or write of them part by part.": "文本超过模型上限时：拒绝(error)，只读开头(truncate)，或分段读完并依次写出(window)。",
    "Show the text while it is written.": "边写边显示文本。",
    "What the model is told before the chat.": "对话之前告诉模型的话。",
    "For models that can think before they answer.": "用于能先思考再回答的模型。",
    "Talk with a model.": "与模型交谈。",
    "Translate texts.": "翻译文本。",
    "Say texts in fewer words.": "把文本说得更短。",
    "--stream takes one text, as an argument.": "--stream 只接受一条文本，作为参数给出。",
    "{name} does not say how it is told of the language {language}.": "{name} 没有说明怎样指定语言 {language}。",
    "Leave source and target out for a model of one pair; else name both as the model does: {known}.": "只有一对语言的模型请省略 source 和 target；否则请按模型的叫法同时指定两者：{known}。",
    "A stop string is {stop!r}, which ends no text.": "停止字符串为 {stop!r}，它不能结束任何文本。",
    "Give what the text shall end before, or leave it out.": "请给出文本应在其之前结束的内容，或不指定。",
    "bad_words holds {word!r}, which is no word.": "bad_words 中的 {word!r} 不是词。",
    'Write a list of words: bad_words=["one", "another one"].': '请写成词的列表：bad_words=["one", "another one"]。',
    "Text {index}: what stands around it leaves no room in the {limit} tokens that this model takes.": "第 {index} 条文本：该模型最多接受 {limit} 个词元，前后附加的内容已占满。",
    "Shorten the prefix that the model's files put before each text.": "请缩短模型文件在每条文本前所加的前缀。",
    'Shorten it; torso.translate and torso.summarise also read it in parts: long="window".': '请缩短；torso.translate 和 torso.summarise 也可分段读完：long="window"。',
    "Writing behind a prompt of {size} tokens does not fit the memory of {device}, even by itself.": "在 {size} 个词元的提示之后写作，即使单独运行也超出 {device} 的内存。",
    "Shorten it, write less (max_new_tokens=), with fewer beams (num_beams=), or elsewhere (device=).": "请缩短，少写一些(max_new_tokens=)或减少束数(num_beams=)，或换一处运行(device=)。",
    "Load it with torso.Task.CAUSAL_LM, or torso.Task.SEQ2SEQ_LM.": "请用 torso.Task.CAUSAL_LM 或 torso.Task.SEQ2SEQ_LM 加载。",
}
