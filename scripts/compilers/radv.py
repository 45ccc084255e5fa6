"""radv.py PROGRAM [FAMILY], in a folder that tests/kernels has written: lets AMD's compiler in Mesa (RADV, by the built radv.c) compile the kernels
that a GPU gets, one of each kind and tile. Prints registers, waves and the share of multiply-adds of each tile of the matrix product,
and exits with 1 when a kernel spills registers or was not compiled."""

import json
import os
import re
import subprocess
import sys


def constant(text, name):
    found = re.search(rf"const {name}: u32 = (\d+)u", text)
    return int(found.group(1)) if found else 0


def kernels():
    """One kernel of each kind: its number, its op, and the constants of its tile if it is a product."""
    seen = {}
    for line in open("kernels.jsonl"):
        kernel = json.loads(line)
        text = open(f"{kernel['number']}.wgsl").read()
        # These are for software drivers.
        if "subgroupShuffle" in text or kernel["name"].startswith(("conv2d_direct_weight_grad", "winograd_")):
            continue
        tile = tuple(constant(text, name) for name in ("TILE_ROWS", "TILE_COLS", "TERMS"))
        op = kernel["name"].split()[0]
        # Operands loaded four at a time, as in all large products.
        wide = all(f"{operand}: array<vec4<f32>>" in text for operand in "abc")
        if tile[0] == 0 or wide:
            seen.setdefault((op, tile), kernel["number"])
    return {number: kind for kind, number in seen.items()}


def blocks(path):
    """The basic blocks of an assembly: names, and each one's instructions with their operands."""
    names, bodies = [], []
    for line in open(path, errors="replace"):
        label = re.match(r"(BB\d+):", line)
        if label:
            names.append(label.group(1))
            bodies.append([])
        elif names and line.startswith("\t"):
            bodies[-1].append(line.split(";")[0].split())
    return names, bodies


def loops(names, bodies):
    """First and last block of every loop: from the target of a branch backwards to its last such branch."""
    ends = {}
    for at, body in enumerate(bodies):
        for instruction in body:
            if instruction[0].startswith(("s_cbranch", "s_branch")) and instruction[1] in names[: at + 1]:
                ends[names.index(instruction[1])] = at
    return sorted(ends.items())


def multiply_add_share(path, terms):
    """The share of multiply-adds among the vector instructions of one step of the loop over K: the smallest loop that writes to
    workgroup memory."""
    names, bodies = blocks(path)
    everything = loops(names, bodies)
    stores = [at for at, body in enumerate(bodies) if any(i[0].startswith(("ds_store", "ds_write")) for i in body)]
    steps = [(a, b) for a, b in everything if any(a <= at <= b for at in stores)]
    first, last = min(steps, key=lambda loop: loop[1] - loop[0])
    inner = [(a, b) for a, b in everything if first <= a and b <= last and (a, b) != (first, last)]
    vector = multiply_adds = 0
    for at in range(first, last + 1):
        # An inner loop that the compiler has kept goes over the terms, four at a time.
        times = terms // 4 if any(a <= at <= b for a, b in inner) else 1
        for instruction in bodies[at]:
            # A dual instruction is two.
            parts = " ".join(instruction).split("::")
            for part in parts:
                name = part.split()[0]
                vector += times * name.startswith("v_")
                multiply_adds += times * bool(re.match(r"v_(dual_|pk_)?(fma|fmac|fmamk|fmaak)(_|$)", name))
    return multiply_adds / vector


program = sys.argv[1]
chosen = kernels()
files = [f"{number}.spv" for number in chosen]
# Navi 31, a card of 2022, has another name in older versions of Mesa.
for family in sys.argv[2:] or ("navi31", "gfx1100"):
    environment = dict(os.environ, RADV_FORCE_FAMILY=family)
    run = subprocess.run([program, *files], env=environment, capture_output=True, text=True)
    if run.returncode == 0:
        break
if run.returncode == 3:
    sys.exit(3)
said = run.stderr.strip().splitlines() or ["nothing"]
print("radv:", next((line for line in said if "RADV" in line), said[-1]))
if run.returncode != 0:
    print(f"radv: ended with {run.returncode} after {run.stdout.count(chr(10))} kernels: {said[-1]}")
rows = {row["file"][:-4]: row for row in map(json.loads, run.stdout.splitlines())}
spilled = [n for n, row in rows.items() if row["Spilled VGPRs"] or row["Spilled SGPRs"] or row["Scratch size"]]
print("| tile, terms | product | VGPRs | waves | FMA share |\n|---|---|---|---|---|")
for number, (op, (tile_rows, cols, terms)) in sorted(chosen.items(), key=lambda item: (item[1][1], item[1][0]), reverse=True):
    if terms and number in rows:
        row = rows[number]
        share = multiply_add_share(f"{number}.spv.isa", terms)
        print(f"| {tile_rows} x {cols}, {terms} | {op} | {row['VGPRs']} | {row['Subgroups per SIMD']} | {100 * share:.0f} % |")
for number in spilled:
    print(f"{number}.spv {chosen[number][0]}: registers are spilled")
print(f"radv: {len(rows)} of {len(files)} compiled, {len(spilled)} with spilled registers")
sys.exit(1 if spilled or len(rows) < len(files) else 0)
