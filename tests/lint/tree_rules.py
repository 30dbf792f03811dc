"""What every file of the tree must keep. Pure: a path and a text in, complaints out."""

import re

LINES_MAX = 400
FOLDERS = {".ci", "agent", "collector", "common", "deploy", "proto", "tests"}
ROOT_FILES = {
    "ARCHITECTURE.md",
    "CMakeLists.txt",
    "CMakePresets.json",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "SECURITY.md",
}
# Not written by hand, or not ours to shorten.
ANY_LENGTH = {"LICENSE", "collector/page/package-lock.json", "deploy/release/package-lock.json",
              "tests/lint/package-lock.json"}

# Spelled in two halves, so that this file keeps its own rule.
MARKERS = re.compile(r"\b(TO" r"DO|FIX" r"ME|HA" r"CK|NO" r"LINT\w*|DIS" r"ABLED_\w+|GTEST_" r"SKIP)\b")
INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]', re.MULTILINE)
GRPC_FILE = re.compile(r"(_grpc\.(cc|h)|_grpc_test\.cc|/main\.cc)$")
STRANGERS = {"agent/": "collector/", "collector/": "agent/"}


def check_path(path):
    """Complaints about where the file is."""
    top, slash, _ = path.partition("/")
    if slash and top not in FOLDERS:
        return [f"{path}: {top}/ is no folder of this project; those are {', '.join(sorted(FOLDERS))}"]
    if not slash and top not in ROOT_FILES and not top.startswith("."):
        return [f"{path}: belongs into one of the folders"]
    return []


def check_text(path, text):
    """Complaints about what the file holds, with line numbers."""
    complaints = []
    lines = text.splitlines()
    if len(lines) > LINES_MAX and path not in ANY_LENGTH:
        complaints.append(f"{path}: has {len(lines)} lines, at most {LINES_MAX}; split it")
    if path not in ANY_LENGTH:
        for number, line in enumerate(lines, 1):
            found = MARKERS.search(line)
            if found:
                complaints.append(f"{path}:{number}: {found.group()}: finish it, or file an issue")
    return complaints + check_includes(path, text)


def check_includes(path, text):
    """Complaints about includes that cross a boundary."""
    if not path.endswith((".cc", ".h")):
        return []
    complaints = []
    for match in INCLUDE.finditer(text):
        number = text.count("\n", 0, match.start()) + 1
        name = match.group(1)
        for folder, stranger in STRANGERS.items():
            if path.startswith(folder) and name.startswith(stranger):
                complaints.append(
                    f"{path}:{number}: {folder} must not include {stranger}; "
                    "what both need belongs into common/"
                )
        if (name.startswith("grpc") or name.endswith(".grpc.pb.h")) and not GRPC_FILE.search(path):
            complaints.append(
                f"{path}:{number}: gRPC belongs into *_grpc.cc, *_grpc.h, *_grpc_test.cc or main.cc"
            )
    return complaints
