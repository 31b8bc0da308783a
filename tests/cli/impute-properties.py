#!/usr/bin/env python3
"""Random small tables through `lacuna impute`, judged by parsers that are not Lacuna's.

For each seed a table of mixed kinds is written in some dialect (delimiter, decimal mark, quoting,
line ends, byte-order mark, final newline, texts for missing). Then, of what comes back:
- Python's csv module sees the same rows, columns and observed cells, and no missing cell;
- a tokenizer that keeps raw bytes (below) sees that nothing but the missing fields changed;
- filled cells are quoted as the others of their column;
- filled cells are of their column's kind: whole numbers, numbers, or one of its texts;
- the table of flags lists exactly the missing cells.
Usage: impute-properties.py COUNT [FIRST-SEED]
"""
import csv, io, random, re, subprocess, sys

MISSING = ["", "NA", "NaN", "?", "null"]


def raw_fields(text, delimiter):
    """Records as lists of raw fields, quotes kept, and the line end of each."""
    records, ends, record, field, quoted, i = [], [], [], "", False, 0
    while i < len(text):
        c = text[i]
        if quoted or c == '"':
            quoted = not quoted if c == '"' else quoted
            field += c
        elif c == delimiter:
            record.append(field)
            field = ""
        elif c in "\r\n":
            end = "\r\n" if text[i:i + 2] == "\r\n" else c
            records.append(record + [field])
            ends.append(end)
            record, field = [], ""
            i += len(end) - 1
        else:
            field += c
        i += 1
    if record or field:
        records.append(record + [field])
        ends.append("")
    return records, ends


class Table:
    def __init__(self, seed):
        r = self.r = random.Random(seed)
        self.delimiter = r.choice(",;\t|")
        self.decimal = "." if self.delimiter == "," else r.choice(".,")
        self.quoting = r.choice(["minimal", "texts", "all"])
        self.end = r.choice(["\n", "\r\n"])
        self.bom = r.random() < 0.2
        self.final = r.random() < 0.8
        rows, cols = r.randint(5, 40), r.randint(2, 6)
        self.kinds = [r.choice(["number", "whole", "text", "two"]) for _ in range(cols)]
        self.kinds[0] = "number"  # tells the decimal mark
        self.names = [r.choice(["a", "long name", "\u00e9t\u00e9", "x.y"]) + str(j) for j in range(cols)]
        words = ["red", "green", "sky blue", 'say "hi"', "a" + self.delimiter + "b", "two\nlines", "\u00f8"]
        self.levels = [r.sample(words, 2 if k == "two" else 3) for k in self.kinds]
        share = r.choice([0.05, 0.3, 0.6])
        self.cells = [[self.cell(j) for j in range(cols)] for _ in range(rows)]
        self.holes = [[r.random() < share for _ in range(cols)] for _ in range(rows)]
        for j in range(cols):  # at least three values each, all levels, and fractions to sniff from
            for i, row in enumerate(r.sample(range(rows), min(rows, 3))):
                self.holes[row][j] = False
                if self.kinds[j] in ("text", "two"):
                    self.cells[row][j] = self.levels[j][i % len(self.levels[j])]

    def cell(self, j):
        r, kind = self.r, self.kinds[j]
        if kind == "number":
            return ("%.3f" % r.uniform(-9, 9)).replace(".", self.decimal)
        if kind == "whole":
            return str(r.randint(-50, 999))
        return r.choice(self.levels[j])

    def write(self, text, is_text):
        special = any(c in text for c in '"\r\n' + self.delimiter)
        if self.quoting == "all" or special or (self.quoting == "texts" and is_text):
            return '"' + text.replace('"', '""') + '"'
        return text

    def source(self):
        lines = [self.delimiter.join(self.write(n, True) for n in self.names)]
        for cells, holes in zip(self.cells, self.holes):
            lines.append(self.delimiter.join(
                self.r.choice(MISSING) if hole else self.write(cell, kind in ("text", "two"))
                for cell, hole, kind in zip(cells, holes, self.kinds)))
        text = self.end.join(lines) + (self.end if self.final else "")
        return (b"\xef\xbb\xbf" if self.bom else b"") + text.encode()


def number(text, decimal):
    pattern = r"-?[0-9]+(\%s[0-9]+)?([eE][+-]?[0-9]+)?" % decimal
    return re.fullmatch(pattern, text) is not None


def check(seed, model):
    t = Table(seed)
    source = t.source()
    open("in.csv", "wb").write(source)
    ran = subprocess.run(["lacuna", "impute", "in.csv", "--model", model, "--flags", "flags.csv", "--force"],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert ran.returncode == 0, ran.stderr.decode()
    assert ran.stdout.startswith(b"\xef\xbb\xbf") == t.bom
    before, after = source.decode("utf-8-sig"), ran.stdout.decode("utf-8-sig")
    rows_in = list(csv.reader(io.StringIO(before, newline=""), delimiter=t.delimiter))
    rows_out = list(csv.reader(io.StringIO(after, newline=""), delimiter=t.delimiter))
    assert rows_in[0] == rows_out[0] == t.names
    assert len(rows_in) == len(rows_out) == len(t.cells) + 1
    for i, (cells, holes, out) in enumerate(zip(t.cells, t.holes, rows_out[1:])):
        assert len(out) == len(cells), i
        for cell, hole, kind, levels, value in zip(cells, holes, t.kinds, t.levels, out):
            if not hole:
                assert value == cell, (i, cell, value)
            elif kind == "whole":
                assert re.fullmatch("-?[0-9]+", value), (i, value)
            elif kind == "number":
                assert number(value, t.decimal), (i, value)
            else:
                assert value in levels, (i, value, levels)
    (raw_in, ends_in), (raw_out, ends_out) = raw_fields(before, t.delimiter), raw_fields(after, t.delimiter)
    assert ends_in == ends_out and raw_in[0] == raw_out[0]
    for holes, a, b in zip(t.holes, raw_in[1:], raw_out[1:]):
        assert [x for x, h in zip(a, holes) if not h] == [x for x, h in zip(b, holes) if not h]
        for value, hole, kind in zip(b, holes, t.kinds):  # quoted as the rest of the column
            is_text = kind in ("text", "two")
            if hole and t.quoting != "minimal":
                assert value.startswith('"') == (t.quoting == "all" or is_text), value
    flags = list(csv.DictReader(open("flags.csv", newline="", encoding="utf-8")))
    listed = [(int(f[".id"]), f["column"]) for f in flags]
    assert listed == [(i + 1, t.names[j]) for i, row in enumerate(t.holes) for j, h in enumerate(row) if h]
    for f in flags:
        out = rows_out[int(f[".id"])][t.names.index(f["column"])]
        kind = t.kinds[t.names.index(f["column"])]
        assert f["model"] == model
        assert f["value"] == (out.replace(t.decimal, ".") if kind == "number" else out), f


def main():
    count, first = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    for seed in range(first, first + count):
        model = ["mean", "knn", "em", "mice"][seed % 4]
        try:
            check(seed, model)
        except AssertionError as problem:
            sys.exit(f"seed {seed}, model {model}: {problem!r}\nin.csv:\n{open('in.csv', 'rb').read()!r}")
    print(f"{count} tables hold")


main()
