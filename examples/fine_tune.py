"""Train a classifier on 24 lines, and ask it about others: python fine_tune.py [FOLDER]."""

import sys

import torso

TEXTS = {
    "服务": "服务员态度很好,等了一个小时没人理,老板很热情,催了三次才上菜,店员笑着给我们倒水,叫了半天没人来,服务员很有耐心,上菜太慢了",
    "味道": "鱼很新鲜,汤太咸了,面条很有嚼劲,红烧肉又软又香,米饭是硬的,辣得很过瘾,鸡肉没有熟,饺子皮太厚了",
    "价格": "价格很便宜,一碗面要八十块,性价比很高,两个人只花了五十块,酒水比超市贵三倍,团购很划算,人均二十元,一杯水收十块钱",
}
ROWS = [{"text": text, "label": label} for label, texts in TEXTS.items() for text in texts.split(",")]

if __name__ == "__main__":
    folder = sys.argv[1] if len(sys.argv) > 1 else "topics"
    settings = torso.TrainSettings(epochs=12, batch=8, rate=5e-4, evaluate_every=6, save_every=12)
    run = torso.train("torso:sentiment", ROWS, out=folder, settings=settings)
    print(run.scores)
    for text in ["包子皮薄馅大", "服务员迟迟不来", "才十五块一份"]:
        print(torso.classify(text, model=folder).label, text)
