"""What the models are compared with, on the same split: the majority, and logistic regression on character bigrams."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from .data import Corpora, Paragraph, Review, Split
from .evaluate import Tally

Scores = dict[str, dict[str, float]]


def scores(model: str, corpora: Corpora) -> Scores:
    """The scores of each baseline on the test part, for ``sentiment`` or ``tagger``."""
    if model == "sentiment":
        return {"majority": {"sentiment": majority(corpora.reviews)}, **bigram_regression(corpora.reviews)}
    paragraphs = corpora.paragraphs
    return {"majority": majority_label(paragraphs), "bigram regression": label_regression(paragraphs)}


def majority(reviews: Split[Review]) -> float:
    """The share of test reviews that carry the more frequent label of the training part."""
    positive = Counter(review.positive for review in reviews.train).most_common(1)[0][0]
    return sum(review.positive == positive for review in reviews.test) / len(reviews.test)


def bigram_regression(reviews: Split[Review]) -> Scores:
    """Accuracy of logistic regression on character bigrams, alone and with single characters; C from the dev part."""
    found: Scores = {}
    for name, sizes in (("bigram regression", (2, 2)), ("bigram and single character regression", (1, 2))):
        strengths = (0.3, 1.0, 3.0, 10.0)
        on_dev = {each: _regression(reviews.train, reviews.dev, sizes, each) for each in strengths}
        best = max(on_dev, key=lambda each: on_dev[each])
        found[name] = {"sentiment": _regression(reviews.train, reviews.test, sizes, best), "C": best}
    return found


def _regression(train: Sequence[Review], held_out: Sequence[Review], sizes: tuple[int, int], strength: float) -> float:
    # scikit-learn ships no types.
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    features: Any = TfidfVectorizer(analyzer="char", ngram_range=sizes, sublinear_tf=True, min_df=2)
    model: Any = LogisticRegression(C=strength, max_iter=1000)
    model.fit(features.fit_transform([review.text for review in train]), [review.positive for review in train])
    seen = features.transform([review.text for review in held_out])
    return float(model.score(seen, [review.positive for review in held_out]))


def character_labels(paragraph: Paragraph) -> list[str]:
    """The label of each character."""
    labels: list[str] = []
    for word in paragraph.words:
        places = "S" if len(word.text) == 1 else "B" + "I" * (len(word.text) - 2) + "E"
        labels += [f"{place}-{word.tag}" for place in places]
    return labels


def majority_label(paragraphs: Split[Paragraph]) -> dict[str, float]:
    """Every character with its own most frequent label of the training part; unknown ones with the most frequent."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for paragraph in paragraphs.train:
        for character, label in zip(paragraph.text, character_labels(paragraph), strict=True):
            counts[character][label] += 1
            counts[""][label] += 1
    usual = {character: labels.most_common(1)[0][0] for character, labels in counts.items()}
    tally = Tally()
    for paragraph in paragraphs.test:
        tally.add([usual.get(character, usual[""]) for character in paragraph.text], character_labels(paragraph))
    return tally.scores()


def label_regression(paragraphs: Split[Paragraph]) -> dict[str, float]:
    """Logistic regression on the characters and bigrams up to two places away, by stochastic gradient descent."""
    from sklearn.linear_model import SGDClassifier

    classifier: Any = SGDClassifier
    model = classifier(loss="log_loss", alpha=1e-7, max_iter=2, tol=None, random_state=0)
    model.fit(
        _features(paragraphs.train), [label for paragraph in paragraphs.train for label in character_labels(paragraph)]
    )
    guesses: list[str] = list(model.predict(_features(paragraphs.test)))
    tally, place = Tally(), 0
    for paragraph in paragraphs.test:
        gold = character_labels(paragraph)
        tally.add(guesses[place : place + len(gold)], gold)
        place += len(gold)
    return tally.scores()


def _features(paragraphs: Sequence[Paragraph]) -> Any:
    """Nine features of each character, hashed into 2**18 columns."""
    import numpy as np
    from scipy.sparse import csr_matrix

    gap = "\0\0"
    codes: Any = np.frombuffer(
        (gap + "".join(paragraph.text + gap for paragraph in paragraphs)).encode("utf-32-le"), dtype=np.uint32
    ).astype(np.uint64)
    inside: Any = np.flatnonzero(codes)
    around = {distance: codes[inside + distance] + np.uint64(1) for distance in range(-2, 3)}
    features = [around[distance] for distance in range(-2, 3)]
    features += [around[distance] * np.uint64(1_000_003) + around[distance + 1] for distance in range(-2, 2)]
    # Multiplied by a large odd number of its own, each kind of feature is spread over all columns.
    odd = 0x9E3779B97F4A7C15
    hashed: Any = np.stack(
        [(value * np.uint64((odd * (2 * kind + 1)) % 2**64)) >> np.uint64(46) for kind, value in enumerate(features)], 1
    )
    ends: Any = np.arange(len(inside) + 1) * len(features)
    ones: Any = np.ones(hashed.size, dtype=np.float32)
    return csr_matrix((ones, hashed.astype(np.int32).ravel(), ends), shape=(len(inside), 2**18))
