"""Guides: found by their envelope's codes, corrected by the overlay, replaced and added to by the home's own."""

import shutil

import pytest

from gateway.x12.guide import UNLIMITED, CompositeNode, GuideLibrary, LoopNode, SegmentNode, SyntaxNote
from tests.unit.x12.conftest import GUIDES

KNOWN = [
    ("00501", "BE", "005010X220A1", "834"),
    ("00401", "BE", "004010X095A1", "834"),
    ("00501", "RA", "005010X218", "820"),
    ("00401", "RA", "004010X061A1", "820"),
    ("00501", "FA", "005010X231A1", "999"),
    ("00501", "FA", "005010X231", "999"),
    ("00401", "FA", "004010", "997"),
]


def segments(loop: LoopNode) -> list[SegmentNode]:
    """Return every segment of a guide in order."""
    found = []
    for child in loop.children:
        found += segments(child) if isinstance(child, LoopNode) else [child]
    return found


@pytest.mark.parametrize("asked", KNOWN)
def test_the_guides_of_pyx12_are_found_by_their_envelope(asked, library):
    version, functional_id, name, set_type = asked
    found = library.find(*asked)
    assert (version, functional_id, name, set_type) == (found.version, found.functional_id, found.id, found.set_type)


@pytest.mark.parametrize(
    "asked",
    [
        ("00501", "BE", "005010X220", "834"),
        ("00501", "RA", "005010X220A1", "834"),
        ("00501", "BE", "005010X220A1", "835"),
        ("", "", "", ""),
    ],
)
def test_an_unknown_guide_is_none(asked, library):
    assert library.find(*asked) is None


def test_an_envelope_of_another_version_may_carry_a_guide(library):
    assert "005010X220A1" == library.find("00401", "BE", "005010X220A1", "834").id


def test_whether_a_group_is_served_at_all_is_known(library):
    assert library.knows("BE")
    assert library.knows("BE", "005010X220A1")
    assert not library.knows("BE", "005010X999")
    assert not library.knows("QQ")


def test_every_guide_is_listed_once_with_its_source(library):
    infos = library.list()
    assert len(infos) == len({(info.id, info.set_type) for info in infos})
    sources = {(info.id, info.set_type): info.source for info in infos}
    assert "pyx12" == sources["005010X220A1", "834"]
    assert "mappings/guides/820.5010.X306.xml" == sources["005010X306", "820"]
    assert all(info.title for info in infos)


def test_a_guide_knows_its_loops_segments_and_elements(library):
    guide = library.find("00501", "BE", "005010X220A1", "834")
    assert 76 == len(segments(guide.root))
    loops = {child.id: child for child in guide.root.children if isinstance(child, LoopNode)}
    assert {"1000A", "1000B", "1000C", "2000"} == set(loops)
    assert UNLIMITED == loops["2000"].repeat
    coverage = next(c for c in loops["2000"].children if isinstance(c, LoopNode) and c.id == "2300")
    assert 99 == coverage.repeat
    member = loops["2000"].children[0]
    assert ("INS", "R", 1, (SyntaxNote("P", (11, 12)),)) == (member.tag, member.usage, member.max_use, member.notes)
    assert ({"Y", "N"}, "1073", "ID") == (
        set(member.elements[0].codes),
        member.elements[0].data.number,
        member.elements[0].data.type,
    )
    assert isinstance(member.elements[5], CompositeNode)
    assert ("N", None) == (member.elements[13].usage, next((e for e in member.elements if e.sequence == 18), None))


def test_the_overlay_corrects_guides_and_code_lists_of_pyx12():
    plain, corrected = GuideLibrary(None), GuideLibrary(GUIDES)

    def payment_flags(library):
        payment = next(s for s in segments(library.find("00501", "RA", "005010X218", "820").root) if s.tag == "BPR")
        return set(payment.elements[2].codes)

    def states(library):
        address = next(s for s in segments(library.find("00501", "BE", "005010X220A1", "834").root) if s.tag == "N4")
        return set(address.elements[1].codes)

    assert ({"C"}, {"C", "D"}) == (payment_flags(plain), payment_flags(corrected))
    assert {"PW", "QC", "NL", "NU"} == states(corrected) - states(plain)


def test_every_correction_has_a_reason_and_a_place(library):
    for change in library._overlay:
        assert change.get("reason"), change.tag
    names = {entry.path.name for entry in library._entries}
    assert {change.get("file") for change in library._overlay.iter("change")} <= names


def test_a_digest_changes_with_the_corrections(tmp_path):
    before = GuideLibrary(tmp_path).find("00501", "BE", "005010X220A1", "834").digest
    shutil.copy(GUIDES / "overlay.xml", tmp_path)
    assert before != GuideLibrary(tmp_path).find("00501", "BE", "005010X220A1", "834").digest


def test_a_guide_of_the_home_stands_in_for_that_of_pyx12(tmp_path):
    source = GuideLibrary(None)._pyx12 / "834.5010.X220.A1.xml"
    text = source.read_text().replace("HIPAA Benefit Enrollment", "Our Own Enrollment", 1)
    (tmp_path / "ours.xml").write_text(text)
    found = GuideLibrary(tmp_path).find("00501", "BE", "005010X220A1", "834")
    assert "mappings/guides/ours.xml" == found.source
    assert found.title.startswith("Our Own Enrollment")


def test_a_folder_that_is_not_there_leaves_the_guides_of_pyx12(tmp_path):
    assert GuideLibrary(tmp_path / "none").find("00501", "BE", "005010X220A1", "834") is not None
