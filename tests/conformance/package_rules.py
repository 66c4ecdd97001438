#!/usr/bin/env python3
"""Compares diffcheck's PEP 440 and PEP 508 with Python's `packaging`, on generated versions, specifiers and markers.

    package_rules.py PROGRAM [--count N] [--seed N]

PROGRAM is conformance_package_rules of a build. `packaging` is that of this Python, else the copy inside pip, else one
that pip installs into a temporary folder. Prints the number of questions and every disagreement (the first 20); exit
code 1 on any, 77 where nothing can be compared.
"""
import argparse
import importlib
import random
import subprocess
import sys
import tempfile

SKIPPED = 77
# Those before 22 read what PEP 440 refuses; those before 26.3 compare post-releases, local labels and extras otherwise.
OLDEST = "26.3"


def numbers(version):
    return [int(number) for number in version.split(".")[:2]]


def find_packaging():
    """The module, new enough; else the reason why there is none."""
    for name in ("packaging", "pip._vendor.packaging"):
        try:
            found = importlib.import_module(name)
        except ImportError:
            continue
        if numbers(found.__version__) >= numbers(OLDEST):
            return found
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--target", folder,
                               f"packaging>={OLDEST}"], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return f"packaging {OLDEST} or newer is neither here nor can pip install it"
        for name in [name for name in sys.modules if name.split(".")[0] == "packaging"]:
            del sys.modules[name]
        sys.path.insert(0, folder)
        found = importlib.import_module("packaging")
        for part in ("markers", "specifiers", "version"):
            importlib.import_module(f"packaging.{part}")
        return found


packaging = find_packaging()
if isinstance(packaging, str):
    print(f"skipped: {packaging}")
    sys.exit(SKIPPED)
markers, specifiers, version = (importlib.import_module(f"{packaging.__name__}.{part}")
                                for part in ("markers", "specifiers", "version"))

RELEASES = ["0", "1", "1.0", "1.0.0", "1.1", "2.4", "2.4.1", "2.5.1", "2.6.0", "2.7", "2.10", "12.4.5.8", "2024.12.1"]
SUFFIXES = ["", "", "", "a1", "b2", "rc1", "rc", ".dev0", ".dev20241112", ".post1", ".post4", "a1.dev2", ".post1.dev3"]
LOCALS = ["", "", "", "+cu121", "+cu12torch2.5cxx11abifalse", "+cpu", "+rocm6.2", "+1.2", "+0a"]
ODD = ["v1.0", "1.0-1", "1.0_rc.1", "1!2.0", "1.0.POST2", " 1.0 ", "1.0c3", "1.0-preview-2", "1.0rev4", "", "x", "1..0", "1.0+", "1.0+a_b"]
OPERATORS = ["==", "!=", "<=", ">=", "<", ">", "~="]
ENVIRONMENT = {
    "python_version": ["3.8", "3.10", "3.12", "3.13"], "python_full_version": ["3.8.10", "3.12.3", "3.13.0rc1"],
    "sys_platform": ["linux", "win32", "darwin"], "platform_system": ["Linux", "Windows", "Darwin"],
    "platform_machine": ["x86_64", "aarch64", "arm64", "AMD64"], "os_name": ["posix", "nt"],
    "implementation_name": ["cpython", "pypy"], "platform_python_implementation": ["CPython", "PyPy"],
    "extra": ["", "all", "flash-attn", "Flash_Attn"],
}


def a_version(rng):
    if rng.random() < 0.08:
        return rng.choice(ODD)
    return rng.choice(RELEASES) + rng.choice(SUFFIXES) + rng.choice(LOCALS)


def a_specifier(rng):
    parts = []
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        operator = rng.choice(OPERATORS)
        # packaging's ~= takes an unusual spelling of a suffix for a part of the release.
        operand = rng.choice(RELEASES) + rng.choice(SUFFIXES) if operator == "~=" else a_version(rng).strip()
        if operator in ("==", "!=") and rng.random() < 0.3:
            operand = rng.choice(RELEASES) + ".*"
        parts.append(operator + rng.choice(["", " "]) + operand)
    return ",".join(parts)


def a_marker(rng, depth=0):
    if depth < 3 and rng.random() < 0.4:
        joined = f" {rng.choice(['and', 'or'])} ".join(a_marker(rng, depth + 1) for _ in range(rng.choice([2, 3])))
        return f"({joined})" if depth else joined
    name = rng.choice(list(ENVIRONMENT))
    quote = rng.choice("'\"")
    value = rng.choice(ENVIRONMENT[name] + (["3.9", "3.11.*", "3"] if name.startswith("python") else []))
    numeric = name.startswith("python")
    operator = rng.choice(["==", "!=", "<", "<=", ">", ">=", "~="] if numeric else ["==", "!=", "in", "not in"])
    if numeric and (value.endswith("*") or operator == "~=" and "." not in value):
        operator = "=="
    left, right = name, quote + value + quote
    # Turned around, "3.11.*" would be a version, which it is not: packaging raises.
    if rng.random() < 0.1 and operator in ("==", "!=") and not value.endswith("*"):
        left, right = right, left
    return f"{left} {operator} {right}"


def expected_order(left, right):
    try:
        first, second = version.Version(left), version.Version(right)
    except version.InvalidVersion:
        return "invalid"
    return "<" if first < second else "=" if first == second else ">"


def expected_inside(text, specifier):
    try:
        return "yes" if specifiers.SpecifierSet(specifier).contains(version.Version(text), prereleases=True) else "no"
    except (version.InvalidVersion, specifiers.InvalidSpecifier):
        return "invalid"


def expected_marker(marker, environment):
    try:
        return "yes" if markers.Marker(marker).evaluate(environment) else "no"
    except (markers.InvalidMarker, markers.UndefinedComparison, version.InvalidVersion):
        return "invalid"


def questions(rng, count):
    for _ in range(count):
        left, right = a_version(rng), a_version(rng)
        yield ("order", left, right), expected_order(left, right)
        text, specifier = a_version(rng), a_specifier(rng)
        yield ("inside", text, specifier), expected_inside(text, specifier)
        marker = a_marker(rng)
        environment = {name: rng.choice(values) for name, values in ENVIRONMENT.items()}
        yield ("marker", marker, *(f"{name}={value}" for name, value in environment.items())), expected_marker(marker, environment)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--count", type=int, default=10_000, help="questions of each kind")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    asked = list(questions(random.Random(options.seed), options.count))
    text = "".join("\t".join(words) + "\n" for words, _ in asked)
    answers = subprocess.run([options.program], input=text, capture_output=True, text=True, check=True).stdout.splitlines()
    wrong = [(words, expected, answer) for (words, expected), answer in zip(asked, answers, strict=True) if answer != expected]
    print(f"packaging {packaging.__version__}: {len(asked)} questions, {len(asked) - len(wrong)} agreements, {len(wrong)} disagreements")
    for words, expected, answer in wrong[:20]:
        print(f"  {words}: packaging says {expected}, diffcheck {answer}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
