#!/usr/bin/env python3
"""What `explain` and `doctor` say about real reports.

For each case of a file of reports (JSON lines: environment, workload, error text, category) this builds a snapshot that
holds what the report tells and nothing else, and runs

  diffcheck explain    on the error text with that snapshot: is the best cause of the report's category?
  diffcheck doctor     on the snapshot and workload alone: is there a finding of that category, and which errors has it
                       of other categories?

It prints the rates and each miss. Exit 1 where the rate of `explain` is below --least, 77 where there are no cases.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from report_facts import Report

HERE = pathlib.Path(__file__).resolve().parent
CASES = HERE.parent.parent.parent / "shared" / "examples" / "cases.jsonl"
SKIPPED = 77

class Program:
    def __init__(self, path):
        self.path = str(path)
        models = self.run(["list", "models", "--format", "json"])
        self.engines = [entry["id"] for entry in self.run(["list", "engines", "--format", "json"])["entries"]]
        self.models = {}
        for entry in models["entries"]:
            for name in [entry["id"], entry["name"], *entry["aliases"]]:
                self.models[self.folded(name)] = entry["id"]

    @staticmethod
    def folded(name):
        return re.sub("[ _-]", "", name.lower())

    def run(self, arguments, text=None):
        done = subprocess.run([self.path, *arguments], input=text, capture_output=True, text=True, check=False)
        try:
            return json.loads(done.stdout)
        except json.JSONDecodeError:
            return {"error": {"what": done.stderr}}

    def ask(self, command, case, text=None):
        """The answer; where the workload makes no question, that of the machine alone."""
        report = Report(case, self.models, self.engines)
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(report.snapshot, file)
            file.flush()
            base = [command, "--snapshot", file.name, "--format", "json"]
            options = report.options
            while True:
                answer = self.run(base + options, text)
                if "error" not in answer or not options:
                    return answer
                # An option that makes no question is left out, and said so; without one to blame, the last.
                print(f"  {case['id']}: {' '.join(options)}: {answer['error']['what'].strip()}", file=sys.stderr)
                blamed = answer["error"].get("where", "")
                at = next((i for i in range(0, len(options), 2) if options[i] in blamed), len(options) - 2)
                options = options[:at] + options[at + 2:]

    def ask_all(self, command, cases, texts):
        """Each case with its answer, in the order of the cases."""
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            return list(zip(cases, pool.map(lambda case, text: self.ask(command, case, text), cases, texts)))


def percent(part, whole):
    return f"{part} of {whole}" + (f" ({100 * part / whole:.1f} %)" if whole else "")


class Shown:
    """Each case beside what was said about it, for reading."""

    def __init__(self):
        self.cases = {}

    def add(self, case, command, lines):
        self.cases.setdefault(case["id"], (case, []))[1].append(f"**{command}**\n" + "\n".join(lines or ["- nothing"]))

    def write(self, path):
        parts = []
        for case, answers in self.cases.values():
            asked = {key: case[key] for key in ("environment", "workload") if case.get(key)}
            parts.append(f"## {case['id']} ({case['category']})\n\n{case['title']}\n\n"
                         f"`{json.dumps(asked, ensure_ascii=False)}`\n\n"
                         f"message: {(case['error_text'] or 'none')[:400]}\n\n"
                         f"cause: {case['cause']}\n\nfix: {case['fix']}\n\n" + "\n\n".join(answers) + "\n")
        path.write_text("\n".join(parts), encoding="utf-8")


def fix_text(said):
    return (said.get("fix") or {}).get("text", "")


def judge_explain(program, cases, shown):
    with_text = [case for case in cases if case.get("error_text")]
    right, by_category, misses = 0, collections.Counter(), []
    confirmed = collections.Counter()
    for case, answer in program.ask_all("explain", with_text, [case["error_text"] for case in with_text]):
        causes = answer.get("causes", [])
        best = causes[0] if causes else {"category": "nothing", "id": answer.get("error", {}).get("what", "")}
        confirmed[best.get("confirmed_by_facts", "-")] += 1
        shown.add(case, "explain", [f"- [{best['category']}] {best['id']} (confirmed: "
                                    f"{best.get('confirmed_by_facts', '-')}): {best.get('why_here', best.get('why', ''))} "
                                    f"FIX {fix_text(best)}"])
        if best["category"] == case["category"]:
            right += 1
            by_category[case["category"]] += 1
        else:
            misses.append((case, best))
    print(f"explain: best cause of the right category: {percent(right, len(with_text))}")
    print("  best cause confirmed by facts: " + ", ".join(f"{key} {count}" for key, count in confirmed.items()))
    totals = collections.Counter(case["category"] for case in with_text)
    for category in sorted(totals):
        print(f"  {category:26} {by_category[category]:3} of {totals[category]}")
    for case, best in misses:
        print(f"  miss {case['id']}: {case['category']}, said {best['category']} [{best['id']}]\n"
              f"       {case['error_text'][:120]!r}")
    return right / len(with_text) if with_text else 1.0


def judge_doctor(program, cases, shown):
    predictable = [case for case in cases if case["static_check"]["predictable"] == "yes"]
    hits, pointed, open_warnings, others, misses = 0, 0, 0, [], []
    for case, answer in program.ask_all("doctor", predictable, [None] * len(predictable)):
        shown.add(case, "doctor", [f"- {'undecided' if finding.get('undecided') else finding['severity']} "
                                   f"[{finding['category']}] {finding['id']}: {finding['title']}: {finding['why']} "
                                   f"FIX {fix_text(finding)}" for finding in answer.get("findings", [])])
        findings = [finding for finding in answer.get("findings", []) if not finding.get("undecided")]
        categories = {finding["category"] for finding in findings if finding["severity"] != "note"}
        if case["category"] in categories:
            hits += 1
        else:
            hints = {finding["category"] for finding in answer.get("findings", [])}
            pointed += case["category"] in hints
            open_warnings += any(finding["category"] == case["category"] and finding["severity"] != "note"
                                 for finding in answer.get("findings", []))
            misses.append((case, sorted(categories | {f"({category})" for category in hints - categories})))
        others += [(case, finding) for finding in findings
                   if finding["severity"] == "error" and finding["category"] != case["category"]]
    print(f"\ndoctor: a finding of the right category, of the predictable cases: {percent(hits, len(predictable))}")
    print(f"  of the others, an undecided warning of that category: {open_warnings}, that or a note: {pointed}")
    for case, categories in misses:
        print(f"  miss {case['id']}: {case['category']}, found {', '.join(categories) or 'nothing'}; "
              f"facts: {'; '.join(case['static_check']['facts'])[:140]}")
    print(f"  errors of another category (each is right or false; read them): {len(others)}")
    for case, finding in others:
        print(f"    {case['id']} ({case['category']}): {finding['id']}: {finding['title'][:100]}")


def judge_healthy(program, cases):
    """The GPUs of each case with software that runs on them: every error is a false one."""
    machines = {}
    for case in cases:
        machine = Report(case, program.models, program.engines).healthy()
        if machine:
            machines.setdefault(json.dumps(machine, sort_keys=True), case["id"])
    false = []
    for machine, case in machines.items():
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            file.write(machine)
            file.flush()
            answer = program.run(["doctor", "--snapshot", file.name, "--format", "json"])
        false += [(case, finding) for finding in answer.get("findings", [{"severity": "error", "id": "no answer", "title": ""}])
                  if finding["severity"] == "error"]
    print(f"\nhealthy machines made of their GPUs: {len(machines)}, false errors: {len(false)}")
    for case, finding in false:
        print(f"    {case}: {finding['id']}: {finding['title']}")
    return not false


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=HERE.parent.parent / "build" / "diffcheck")
    parser.add_argument("--cases", type=pathlib.Path, default=CASES)
    parser.add_argument("--least", type=float, default=0.95, help="rate of explain below which this fails")
    parser.add_argument("--show", type=pathlib.Path, help="write each case beside what was said about it, as Markdown")
    options = parser.parse_args()
    if not options.cases.exists():
        print(f"skipped: {options.cases} is not there")
        return SKIPPED
    cases = [json.loads(line) for line in options.cases.read_text(encoding="utf-8").splitlines() if line.strip()]
    program = Program(options.binary)
    shown = Shown()
    rate = judge_explain(program, cases, shown)
    judge_doctor(program, cases, shown)
    if options.show:
        shown.write(options.show)
    healthy = judge_healthy(program, cases)
    return 0 if rate >= options.least and healthy else 1


if __name__ == "__main__":
    sys.exit(main())
