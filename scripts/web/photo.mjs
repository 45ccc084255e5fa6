// @ts-check
// Compares web/photo/photo.js with `selvedge predict`: node scripts/web/photo.mjs FOLDER, with a folder that tests/photo_page.rs wrote.
// In its cases.json is a list of
//
//   { name, file, width, height,    a picture; in the file, red, green, blue and opacity of each pixel
//     preparation,                  what is done to it, as web/photo/photo.js wants it
//     expected: { pixels, inverted }   what Rust makes of it, or null where it refuses
//     box }                         where the thing is, or null where the case does not say
//
// All bytes must be equal. Node 20.19 or 22.7 on takes web/*.js for the modules that they are.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv } from 'node:process';
import { prepared } from '../../web/photo/photo.js';

const folder = argv[2];
const cases = JSON.parse(readFileSync(join(folder, 'cases.json'), 'utf8'));
assert(cases.length > 0, 'there are no cases');

let longest = { name: '', ms: 0 };
let failed = 0;
for (const { name, file, width, height, preparation, expected, box } of cases) {
  const picture = { width, height, data: new Uint8Array(readFileSync(join(folder, file))) };
  const start = performance.now();
  const said = prepare(picture, preparation);
  const ms = performance.now() - start;
  if (ms > longest.ms) longest = { name, ms };
  const wrong = difference(said, expected, box);
  if (wrong) console.error(`${name}: ${wrong}`);
  failed += Number(wrong !== null);
}
const refused = cases.filter(({ expected }) => expected === null).length;
console.log(`${cases.length - failed} of ${cases.length} pictures as Rust prepares them, or refuses them: ${refused}`);
console.log(`the longest took ${longest.ms.toFixed()} ms: ${longest.name}`);
process.exitCode = failed ? 1 : 0;

/** What comes out, or null where nothing stands out; any other error is one of the code. */
function prepare(picture, preparation) {
  try {
    return prepared(picture, preparation);
  } catch (error) {
    if (/stands out/.test(error.message)) return null;
    throw error;
  }
}

/** What is wrong, in words, or null. */
function difference(said, expected, box) {
  if (said === null || expected === null) {
    return said === expected ? null : `${said ? 'Rust' : 'JavaScript'} refuses it, the other does not`;
  }
  if (said.pixels.length !== expected.pixels.length) return `${said.pixels.length} bytes instead of ${expected.pixels.length}`;
  const apart = expected.pixels.map((byte, i) => Math.abs(byte - said.pixels[i]));
  const unequal = apart.filter(levels => levels > 0).length;
  if (unequal) return `${unequal} of ${apart.length} bytes are unequal, by up to ${Math.max(...apart)}`;
  if (said.inverted !== expected.inverted) return 'light and dark are swapped in one only';
  if (box && !Object.keys(box).every(side => box[side] === said.box[side])) {
    return `the thing was found at ${JSON.stringify(said.box)}, and is at ${JSON.stringify(box)}`;
  }
  return null;
}
