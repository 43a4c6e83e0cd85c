"""The gap of maturity as a picture: the two levels, and what each facility carries of the way."""

from __future__ import annotations

from marketplace.matching.resources.gap import Gap
from marketplace.matching.resources.picture import WIDTH, draw


def test_levels_stand_evenly_and_a_facility_covers_its_part_of_the_way():
    drawing = draw(Gap(4, 7), [("whole", 3, 8), ("later", 5, 6), ("above", 7, 9)])
    places = dict(drawing.levels)
    assert len(places) == 9 and drawing.offered == places[4] and drawing.wanted == places[7]
    assert places[1] == 14 and places[9] == WIDTH - 14 and places[5] == WIDTH / 2
    whole, later, above = drawing.spans
    assert (whole.left, whole.right, whole.inside) == (places[3], places[8], (places[4], places[7]))
    assert later.inside == (places[5], places[6]) and above.inside is None
    assert [span.y for span in drawing.spans] == sorted({span.y for span in drawing.spans}) and drawing.spans[-1].y + 10 < drawing.height


def test_a_long_name_is_cut_where_its_room_ends():
    span, = draw(Gap(4, 7), [("a very long name " * 9, 4, 7)]).spans
    assert span.name.endswith("…") and len(span.name) < 60
