"""Find the nearest sentences, then the nearest passages of a folder: python search.py QUERY [FOLDER]."""

import sys

import torso

MODEL = "torso:sentiment"  # small; for real searches BAAI/bge-small-zh-v1.5 or sentence-transformers/all-MiniLM-L6-v2
SENTENCES = ["天气真好", "明天会下雨", "股票又跌了", "这家店的菜很好吃"]

query = sys.argv[1] if len(sys.argv) > 1 else "今天天气不错"
for match in torso.similar(query, SENTENCES, model=MODEL):
    print(f"{match.score:.2f}  {match.text}")

if len(sys.argv) > 2:
    for hit in torso.search(query, sys.argv[2], model=MODEL, top=3):
        print(f"{hit.score:.2f}  {hit.file}: {hit.text.strip()[:60]}")
