"""The path as SVG: every hop is a box with its word, what breaks stands out, and the way runs past what is beside it."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

from hairpin_doctor.report.html_path import path_pictures
from hairpin_doctor.report.report import Report
from hairpin_doctor.report.service_path import Hop, ServicePath

CLIENT = Hop("client", "eth0", "vm", "52:54:00:00:00:01", ("192.0.2.10",), "fine", "sends", (), False)
UPLINK = Hop("uplink", "eno1", "n5", None, (), "fine", "leads to the LAN", (), True)
BROKEN = Hop("announcer", "eno1", "n5", "02:00:00:00:00:02", (), "broken", "answers", ("HD301",), False)
ENDPOINT = Hop("endpoint", None, None, None, (), "not seen", "nobody looked <there>", (), False)


def drawn(report: Report, *hops: Hop) -> ElementTree.Element:
    (section,) = path_pictures(replace(report, paths=(ServicePath("vm", "192.0.2.53", False, hops),)))
    found = re.search(r"<svg.*</svg>", section, re.DOTALL)
    assert found
    return ElementTree.fromstring(found[0])


def test_every_hop_is_a_box_with_its_word_and_what_is_known(diagnosed: Report) -> None:
    boxes = drawn(diagnosed, CLIENT, BROKEN, ENDPOINT).findall("g")
    assert [[text.text for text in box.findall("text")] for box in boxes] == [
        ["√ fine", "client eth0 of vm  192.0.2.10  52:54:00:00:00:01"],
        ["× BREAKS HERE", "ARP answer eno1 of n5  02:00:00:00:00:02", "HD301 vip-answers-with-a-port-mac"],
        ["– not seen", "endpoint: nobody looked <there>"],
    ]
    assert [box.get("class") for box in boxes] == ["good", "bad breaks", "note"]


def test_boxes_stand_below_each_other_inside_the_picture(diagnosed: Report) -> None:
    picture = drawn(diagnosed, CLIENT, UPLINK, BROKEN, ENDPOINT)
    frames = [box.find("rect") for box in picture.findall("g")]
    edges = [
        (int(f.get("y", "")), int(f.get("y", "")) + int(f.get("height", ""))) for f in frames if f is not None
    ]
    assert all(bottom < top for (_, bottom), (top, _) in pairwise(edges))
    assert edges[-1][1] < int(picture.get("viewBox", "").split()[3])


def test_the_way_runs_past_what_is_beside_it(diagnosed: Report) -> None:
    picture = drawn(diagnosed, CLIENT, UPLINK, BROKEN)
    (way,) = picture.findall("line")
    client, uplink, _ = (box.find("rect") for box in picture.findall("g"))
    assert client is not None
    assert uplink is not None
    assert int(way.get("y1", "")) < int(uplink.get("y", "")) < int(way.get("y2", ""))
    assert int(way.get("x1", "")) < int(uplink.get("x", ""))


def test_it_can_be_heard(diagnosed: Report) -> None:
    picture = drawn(diagnosed, CLIENT, BROKEN)
    assert picture.get("role") == "img"
    assert "BREAKS HERE: ARP answer eno1 of n5" in picture.get("aria-label", "")


def test_a_report_without_a_path_has_no_picture(diagnosed: Report) -> None:
    assert list(path_pictures(diagnosed)) == []
