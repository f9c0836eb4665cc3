"""The fuzzer's progress is read from what libFuzzer writes."""

from fuzz.__main__ import Progress, after


def test_executions_and_edges_are_read_from_its_lines() -> None:
    progress = after(Progress(), "#1024\tpulse  cov: 310 ft: 400 corp: 12/3kb exec/s: 99 rss: 50Mb\n", 5)
    assert progress == Progress(5, 1024, 310, 400, 12, last_edge=5)
    progress = after(
        progress, "#2048\tREDUCE cov: 310 ft: 410 corp: 13/3kb lim: 9 exec/s: 99 rss: 50Mb\n", 9
    )
    assert progress == Progress(9, 2048, 310, 410, 13, last_edge=5)
    progress = after(
        progress, "#2051\tNEW    cov: 311 ft: 412 corp: 14/3kb lim: 9 exec/s: 99 rss: 50Mb\n", 12
    )
    assert (progress.edges, progress.last_edge) == (311, 12)
    assert after(progress, "Done 3000 runs in 60 second(s)\n", 60).executions == 3000
    assert after(progress, "INFO: Seed: 1\n", 61) == progress
