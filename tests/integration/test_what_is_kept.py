"""What an 834 says of a member beside person and cover is kept, counted and shown, personal values left out."""

from tests.unit.pipeline.x12_files import Envelope, enrollment, member

SENT = (
    *member("A100")[:3],
    "REF*DX*DEPT7",
    "REF*F6*111223333",
    "DTP*336*D8*20200101",
    *member("A100")[3:5],
    "ICM*1*4200.55",
    "NM1*S1*1*PAYING*ABE",
    "NM1*31*1",
    "N3*PO BOX 99",
    "N4*SPRINGFIELD*IL*62701",
    *member("A100")[5:],
    "REF*X9*ABC",
    "LX*1",
    "NM1*P3*1*DOCTOR*WHO******25",
    "LS*2700",
    "LX*1",
    "N1*75*RATING AREA",
    "REF*9X*R-IL001",
    "LE*2700",
)
KEPT = {
    ("reference", "DX", "DEPT7"),
    ("reference", "F6", ""),
    ("reference", "PPO GOLD X9", "ABC"),
    ("date", "336", "20200101"),
    ("particular", "employment", "FT"),
    ("reporting category", "RATING AREA", "R-IL001"),
    ("responsible person", "S1", ""),
    ("as sent", "ICM", ""),
    ("as sent", "NM1", ""),
    ("as sent", "N3", ""),
    ("as sent", "N4", ""),
    ("as sent", "PPO GOLD NM1", ""),
}


def test_everything_that_was_sent_is_shown_by_name_and_nothing_personal(house, gateway, valid):
    house.take("acme", Envelope().around(enrollment(SENT)))
    document = valid("show-member", gateway("show", "member", "A100", "--json"))
    assert KEPT == {(each["what"], each["name"], each["value"]) for each in document["kept"]}
    shown = gateway("show", "member", "A100").stdout
    assert "RATING AREA" in shown
    assert not any(word in shown for word in ("111223333", "PAYING", "DOCTOR", "PO BOX", "4200.55"))


def test_what_no_rule_reads_is_counted_in_the_story_of_its_file(house, gateway):
    file = house.take("acme", Envelope().around(enrollment(SENT, member("A101"))))
    [line] = [each for each in gateway("show", "file", file.id).stdout.splitlines() if "0001 applied" in each]
    assert "5 kept as sent" in line
