"""Checks as JUnit XML: a suite an experiment, a case a metric."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from backsim.files import write_text
from backsim.regression.outcome import Check
from backsim.regression.tell import VERDICTS, metric_line, story, summary

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(checks: Sequence[Check], file: Path) -> None:
    """Write the checks as JUnit XML.  Raises InputError when the file cannot be written."""
    root = ElementTree.Element("testsuites", name="backsim check")
    for check in checks:
        root.append(_suite(check))
    for key in ("tests", "failures", "errors"):
        root.set(key, str(sum(int(suite.get(key, "0")) for suite in root)))
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
    write_text(file, f"{declaration}{text}\n")


def _suite(check: Check) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", name=_clean(check.name), file=_clean(str(check.file)))
    failures = errors = 0
    if check.judgement is None:
        case = _case(suite, check.name, summary(check))
        if check.error:
            errors = 1
            _said(case, "error", summary(check), check.error)
        elif check.failed:
            failures = 1
            _said(case, "failure", summary(check), story(check))
    else:
        case = _case(suite, check.name, "bit-identical where required")
        if check.judgement.broken:
            failures += 1
            _said(case, "failure", check.judgement.broken[0], story(check))
        for metric in check.judgement.metrics:
            case = _case(suite, f"{check.name}.{metric.policy}", str(metric.spec))
            line = metric_line(metric, check)
            if metric.verdict.failed or (check.strict and metric.verdict == "unsure"):
                failures += 1
                _said(case, "failure", f"{VERDICTS[metric.verdict]}: {line}", story(check))
            elif metric.verdict != "same":
                text = ElementTree.SubElement(case, "system-out")
                text.text = _clean(f"{VERDICTS[metric.verdict]}: {line}")
    cases = sum(element.tag == "testcase" for element in suite)
    suite.set("tests", str(cases))
    suite.set("failures", str(failures))
    suite.set("errors", str(errors))
    suite.set("time", f"{check.seconds:.3f}")
    return suite


def _case(suite: ElementTree.Element, group: str, name: str) -> ElementTree.Element:
    return ElementTree.SubElement(suite, "testcase", classname=_clean(group), name=_clean(name))


def _said(case: ElementTree.Element, kind: str, message: str, text: str) -> None:
    element = ElementTree.SubElement(case, kind, message=_clean(message))
    element.text = _clean(text)


def _clean(text: str) -> str:
    """Text without the characters that XML cannot hold."""
    return _NOT_XML.sub("?", text)
