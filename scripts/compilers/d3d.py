"""d3d.py dxc|fxc, in a folder that tests/kernels has written and that holds compile.exe and its DLLs: asks DX12's compiler about the
kernels that a GPU gets. dxc sees all of them, fxc one of each kind and tile, because it is slow. Prints what is refused, and a
summary; exits with 1 when anything is."""

import json
import os
import re
import subprocess
import sys

compiler = sys.argv[1]
files, seen = [], set()
names = {}
for line in open("kernels.jsonl"):
    kernel = json.loads(line)
    text = open(f"{kernel['number']}.wgsl").read()
    # The subgroup core and Winograd's convolution are for software drivers, which are Vulkan's.
    if "subgroupShuffle" in text or kernel["name"].startswith("winograd_"):
        continue
    tile = re.findall(r"const TILE_(?:ROWS|COLS): u32 = (\d+)u", text)
    kind = (kernel["name"].split()[0], *tile)
    if compiler == "fxc" and kind in seen:
        continue
    seen.add(kind)
    names[f"{kernel['number']}.hlsl"] = f"{kernel['name']} {'x'.join(tile)}"
    files.append(f"{kernel['number']}.hlsl")

environment = dict(os.environ, WINEDEBUG="-all")
output = subprocess.run(["wine", "compile.exe", compiler, *files], env=environment, stdout=subprocess.PIPE, text=True).stdout
rows = [line.split("\t") for line in output.splitlines() if line.count("\t") == 4]
refused = [row for row in rows if row[1] != "accepted"]
for file, _, _, _, message in refused:
    print(f"{file} {names[file]}: {message.strip()}")
slowest = max(rows, key=lambda row: int(row[2]))
print(
    f"{compiler}: {len(rows) - len(refused)} accepted, {len(refused)} refused, {len(files) - len(rows)} without an answer; "
    f"the slowest took {int(slowest[2]) / 1000:.1f} s ({names[slowest[0]]})"
)
sys.exit(1 if refused or len(rows) < len(files) else 0)
