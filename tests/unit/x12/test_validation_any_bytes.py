"""Whatever a file holds, it can be told, shown and answered: no bytes raise, and what is written can be read."""

import io
import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gateway.x12.check import SetChecked, check
from gateway.x12.inbound_ack import ANSWERING_SETS, acknowledgements_in, read_ta1s
from gateway.x12.reader import read_set
from gateway.x12.validation import open_again, validate
from gateway.x12.validation_ack import AckFolder
from gateway.x12.validation_html import HtmlReport
from gateway.x12.validation_json import JsonReport
from gateway.x12.validation_text import TextReport

NOON = datetime(2025, 11, 5, 12, 30, tzinfo=UTC)
ISA = b"ISA*00*          *00*          *ZZ*ACME           *ZZ*EHP            *251104*0815*^*00501*000000019*1*P*:~"
PIECES = [
    ISA,
    ISA.replace(b"*", b"|").replace(b"~", b"\n"),
    ISA.replace(b"ACME ", b"AC\xc3\xbc "),
    b"GS*BE*A*B*20251104*0815*7*X*005010X220A1~",
    b"GS*FA*A*B*20251104*0815*8*X*005010X231A1~",
    b"GS*AG**~*7*X*004010~",
    b"ST*834*0001*005010X220A1~",
    b"ST*999*0001*005010X231A1~",
    b"ST*824*1~",
    b"ST*997~",
    b"TA1*000000019*251104*0815*A*000~",
    b"TA1|1~",
    b"AK1*BE*7*005010X220A1~",
    b"AK2*834*0001~",
    b"IK3*REF*" + b"9" * 5000 + b"*2000*8~",
    b"IK4*1:2:3*5*7*\xff\x00~",
    b"IK5*R*5~",
    b"AK9*R*1*1*0*4~",
    b"OTI*TR*TN*NA~",
    b"TED*024**INS*12*3~",
    b"NTE**words~RED*NA**94**IBP*E1~",
    b"BGN*00*REF1*20251104*0800*ET***2~",
    b"INS*Y*18*0^1*28*A*:::**F*T~REF*0F*S*1~",
    b"NM1*IL*1*\xc3\x84\xe2\x82\xac*" + b"X" * 200 + b"~",
    b"SE*3*0001~",
    b"GE*1*7~",
    b"IEA*1*000000019~",
    b"~~\r\n \x1a",
]
FILES = st.lists(st.sampled_from(PIECES) | st.binary(max_size=12), max_size=14).map(b"".join)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=FILES)
@example(content=b"".join(PIECES))
@example(content=ISA + b"".join(PIECES[3:]))
def test_any_file_can_be_told_shown_and_answered(content, library):
    pieces: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any.edi"
        path.write_bytes(content)
        acks = AckFolder(path, Path(folder) / "acks", NOON)
        with open_again(path) as stream:
            page = HtmlReport("any.edi", stream, lambda text: None)
            reports = [JsonReport("any.edi", pieces.append), TextReport("any.edi", len), page, acks]
            validate(path, library, reports)
        json.loads("".join(pieces))
        for written in acks.written:
            assert written.read_text().endswith("~\n")
            assert not written.name.endswith(".part")
        assert len(acks.written) == len(list((Path(folder) / "acks").iterdir()))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=FILES)
@example(content=ISA + b"".join(PIECES[3:]))
def test_any_answer_can_be_read(content, library):
    list(read_ta1s(io.BytesIO(content)))
    stream = io.BytesIO(content)
    marks = next((e.interchange.delimiters for e in check(stream, library) if hasattr(e, "interchange")), None)
    for event in check(io.BytesIO(content), library):
        if isinstance(event, SetChecked) and marks is not None:
            for set_type in ANSWERING_SETS:
                segments = read_set(stream, event.set.byte_start, event.set.byte_end, marks)
                assert all(ack.said is not None for ack in acknowledgements_in(set_type, segments, marks))
