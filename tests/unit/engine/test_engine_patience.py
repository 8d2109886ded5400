from __future__ import annotations

from vortex_prefect.engine.patience import Patience


def ticks(subject: Patience, count: int) -> list[str]:
    return [lost for _ in range(count) for lost in subject.tick()]


def test_what_nobody_names_is_given_up_once() -> None:
    subject = Patience(3)
    subject.hear(["a"])
    assert ticks(subject, 3) == []
    assert subject.tick() == ["a"]
    assert ticks(subject, 10) == []


def test_naming_it_again_begins_anew() -> None:
    subject = Patience(3)
    subject.hear(["a", "b"])
    for _ in range(10):
        subject.hear(["a"])
        assert "a" not in ticks(subject, 3)
    assert ticks(subject, 1) == ["a"]


def test_engines_do_not_speak_for_one_another() -> None:
    subject = Patience(2)
    subject.hear(["a"])
    for _ in range(5):
        subject.hear(["b"])
        lost = subject.tick()
        if lost:
            break
    assert lost == ["a"]


def test_what_has_ended_is_not_given_up() -> None:
    subject = Patience(1)
    subject.hear(["a"])
    subject.forget("a")
    subject.forget("never heard of")
    assert ticks(subject, 5) == []


def test_what_comes_back_after_it_was_given_up_is_watched_again() -> None:
    subject = Patience(1)
    subject.hear(["a"])
    assert ticks(subject, 2) == ["a"]
    subject.hear(["a"])
    assert ticks(subject, 2) == ["a"]
