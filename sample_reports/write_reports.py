"""Write the bundled reports: one of each kind, of the bundled checkpoint.

python -m sample_reports.write_reports [--output FOLDER]
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
CHECKPOINT = FOLDER / "digits_cnn.pth"
ENDINGS = (".html", ".json", ".md", ".csv")
TERMINAL = "digits_cnn.txt"
PAPER = "digits_cnn.pdf"


def environment() -> dict[str, str]:
    """The caller's environment without what bears on a report's text: colour, width, date.

    OpenBLAS, with which numpy multiplies, adds in another order on a processor with AVX-512, and the last
    digits differ. Its kernels for AVX2 run on both kinds.
    """
    hidden = {"SOURCE_DATE_EPOCH", "FORCE_COLOR", "CLICOLOR_FORCE", "PTHREPORT_DEBUG"}
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    return kept | {
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "PYTHONIOENCODING": "utf-8",
        "OPENBLAS_CORETYPE": "Haswell",
    }


def write_reports(folder: Path) -> list[Path]:
    """Run the command as a person would, and give the files written into `folder`.

    Raises `subprocess.CalledProcessError` where the command fails.
    """
    command = [sys.executable, "-m", "pthreport", str(CHECKPOINT)]
    files = [folder / f"{CHECKPOINT.stem}{ending}" for ending in ENDINGS]
    outputs = [part for file in files for part in ("-o", str(file))]
    # From the folder itself, so that no settings file of the caller's is found.
    env = environment()
    subprocess.run([*command, *outputs, "--quiet"], check=True, env=env, cwd=folder)
    terminal = folder / TERMINAL
    with terminal.open("wb") as stream:
        subprocess.run(command, stdout=stream, check=True, env=env, cwd=folder)
    return [*files, terminal]


def write_pdf(folder: Path) -> Path:
    """The PDF of the report whose JSON lies in `folder`, written into it: it needs Pango, the others do not.

    Raises `subprocess.CalledProcessError` where the command fails.
    """
    source, paper = folder / f"{CHECKPOINT.stem}.json", folder / PAPER
    command = [sys.executable, "-m", "pthreport", str(source), "-o", str(paper), "--quiet"]
    subprocess.run(command, check=True, env=environment(), cwd=folder)
    return paper


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the bundled reports.")
    parser.add_argument("--output", type=Path, default=FOLDER)
    folder = parser.parse_args().output.resolve()
    for file in (*write_reports(folder), write_pdf(folder)):
        print(f"{file} ({file.stat().st_size / 1e3:.0f} kB)")


if __name__ == "__main__":
    main()
