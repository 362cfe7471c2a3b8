"""An integration: the claims of a walkthrough as subtests of unittest."""

from __future__ import annotations

import unittest

from shapeflow.errors import ShapeflowError
from shapeflow.runs.documents import run_documents
from shapeflow.walkthrough.check import check
from shapeflow.walkthrough.reader import read


class WalkthroughTestCase(unittest.TestCase):
    """Runs the model of a walkthrough once and judges every claim; a subclass names the file."""

    walkthrough = ""

    def test_claims(self) -> None:
        """Fail for each claim that the run does not satisfy, with the message that the command prints."""
        if not self.walkthrough:
            self.skipTest("no walkthrough is named")
        try:
            document = read(self.walkthrough)
            result = check(run_documents([document]), document)
        except ShapeflowError as error:
            self.fail(f"\n{error.render()}")  # what is wrong with the file or the run, never a traceback
        for verdict in result.verdicts:
            if not verdict.skipped:
                with self.subTest(claim=verdict.claim.text):
                    self.assertTrue(verdict.passed, f"\n{verdict.render()}")
