"""Any report that a check may end in, for property tests: every kind of verdict, with any text."""

from hypothesis import strategies as st

from mailcheck.model.evidence import Stage
from mailcheck.model.report import (
    Broken,
    Cause,
    Diagnosis,
    Folder,
    Healthy,
    Likelihood,
    Listing,
    Maildrop,
    ProtocolReport,
    Step,
    Submission,
    Waiting,
)

_TEXT = st.text(max_size=60)
_CAUSE = st.builds(
    Cause, _TEXT, st.sampled_from(Likelihood), _TEXT, st.lists(st.text(max_size=90), max_size=9).map(tuple)
)
_STEPS = st.lists(st.builds(Step, st.sampled_from(Stage), st.booleans(), st.integers(0, 10**6), _TEXT), max_size=6).map(
    tuple
)
_FOLDER = st.builds(
    Folder,
    st.lists(st.text(max_size=60), min_size=1, max_size=4).map(tuple),
    st.none() | st.text(max_size=40),
    st.booleans(),
)
_FOUND = st.one_of(
    st.builds(Listing, st.lists(_FOLDER, max_size=9).map(tuple), st.integers(0, 10**6)),
    st.builds(Maildrop, st.integers(0, 10**9), st.integers(0, 10**12)),
    st.builds(Submission, st.none() | st.integers(1, 10**20)),
)
_VERDICT = st.builds(Healthy, _FOUND) | st.builds(
    Broken, st.builds(Diagnosis, _TEXT, _TEXT, _TEXT, st.lists(_CAUSE, min_size=1, max_size=6).map(tuple), _TEXT)
)
_WAITING = st.builds(Waiting, st.sampled_from(Stage), _TEXT, st.floats(0, 100))
PROTOCOLS = st.builds(
    ProtocolReport,
    _VERDICT,
    st.integers(0, 10**6),
    _STEPS,
    st.lists(_TEXT, max_size=9).map(tuple),
    st.none() | _WAITING,
)
