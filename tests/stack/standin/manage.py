"""A stand-in for the platform's command line: says what it was asked, in a file, and sweeps nothing."""

import os
import sys
import time
from pathlib import Path

with Path(os.environ["STANDIN_RECORD"]).open("a") as record:
    record.write(" ".join([*sys.argv[1:], os.environ.get("OPERATOR_PASSWORD", ""), os.environ.get("API_KEY", "")]).strip() + "\n")
if sys.argv[1] == os.environ.get("STANDIN_FAILS"):
    sys.exit("relation is in the way")
while sys.argv[1] == "sweeper":
    time.sleep(1)
