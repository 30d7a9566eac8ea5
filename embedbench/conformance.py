"""The plug-in test kit: the conformance checks that every encoder passes."""

from embedbench.encoders.checking.checks import CHECKS, Check, check_description, run_checks

__all__ = ["CHECKS", "Check", "check_description", "run_checks"]
