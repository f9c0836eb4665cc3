"""What the faces draw, and what is written in the place of what they lack."""

import pytest

from pthreport.render.paper.letters import drawable, drawn, faces


@pytest.mark.parametrize("text", ["conv1.weight", "σ² ≈ 0,5 ± 2⁻⁷ × 10 → é ж", "עברית العربية", "a\tb\nc"])
def test_what_the_faces_draw_stays(text: str) -> None:
    assert drawn(text) == text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("中文.weight", "\\u4e2d\\u6587.weight"),
        ("🙂", "\\U0001f642"),
        ("한", "\\ud55c"),
    ],
)
def test_what_they_lack_is_its_code_point(text: str, written: str) -> None:
    assert drawn(text) == written


def test_every_sign_of_the_page_can_be_drawn() -> None:
    assert [sign for sign in "−×·…≈±σλα²⁻∞↑→✔✖▲●“”" if ord(sign) not in drawable()] == []


def test_the_faces_are_four_files_of_an_installed_package() -> None:
    assert [file.name.startswith("DejaVu") and file.is_file() for file in faces()] == [True] * 4
