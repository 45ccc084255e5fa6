// node lessons.mjs LAB.html, beside the files of web/: checks the lessons of a page as a browser would, with Dawn, Chrome's WebGPU (npm
// webgpu), on this machine's Vulkan driver. Every solution must be right, every file with a gap must not, every usual mistake must be
// found and named, and every step of every ladder that the driver can run must be right. Exits with 1 where something is not so.
import fs from 'node:fs';
import { create, globals } from 'webgpu';
import { LessonChecker } from './web/lessons/check.js';
import { atLessonSizes } from './web/lessons/data.js';
import { LessonLaunch } from './web/lessons/launch.js';
import { whyNotRun } from './web/lessons/run.js';

Object.assign(globalThis, globals);

/** @type {string[]} */
const wrong = [];
/** @param {boolean} holds @param {string} words */
const must = (holds, words) => {
  if (!holds) {
    wrong.push(words);
    console.error(words);
  }
};

const page = fs.readFileSync(process.argv[2], 'utf8');
const lessons = JSON.parse(page.match(/<script id="lessons"[^>]*>([^<]*)</)[1]);
const gpu = create([]);
const adapter = await gpu.requestAdapter();
if (!adapter) {
  console.error('Dawn finds no adapter here.');
  process.exit(3);
}
const device = await adapter.requestDevice({ requiredFeatures: adapter.features.has('subgroups') ? ['subgroups'] : [] });
device.addEventListener('uncapturederror', event => must(false, `outside of any check: ${event.error.message}`));
const checker = new LessonChecker(device, lessons.rules);

/** What a verdict says, for whoever reads this. @param {import('./web/lessons/check.js').LessonVerdict} verdict */
const inWords = ({ said, outcomes, diagnosis }) =>
  [...said.map(one => one.message), ...outcomes.map(outcome => outcome.words), diagnosis].join(' | ');

let mistakes = 0;
for (const exercise of lessons.exercises) {
  const { file } = exercise;
  const solved = await checker.exercise(exercise, exercise.solution);
  must(solved.isRight, `the solution of ${file} is not right: ${inWords(solved)}`);
  const gap = await checker.exercise(exercise, exercise.text);
  must(!gap.isRight && gap.diagnosis.includes('gap is still empty'), `${file} with its gap: ${inWords(gap)}`);
  for (const { words, text } of exercise.mistakes) {
    mistakes++;
    const verdict = await checker.exercise(exercise, text);
    must(!verdict.isRight && verdict.diagnosis === words, `${file}, not found: ${words} But: ${inWords(verdict)}`);
  }
}

let steps = 0;
for (const ladder of lessons.ladders) {
  for (const { file, text } of ladder.steps) {
    const launch = new LessonLaunch(text, ladder.letters, lessons.rules);
    // The page knows how long inputs are at the sizes that it offers; it is an error if it does not.
    ladder.timed.forEach(sizes => atLessonSizes(ladder.lengths, ladder.letters, launch.fitting(sizes)));
    const whyNot = whyNotRun(device, launch);
    if (whyNot) {
      console.log(`${ladder.name}/${file}: ${whyNot}`);
      continue;
    }
    steps++;
    const verdict = await checker.step(ladder, text);
    must(verdict.isRight, `${ladder.name}/${file} is not right: ${inWords(verdict)}`);
  }
}

// One is timed too: the others take a driver on the processor too long.
const { seconds } = await checker.time(lessons.ladders[0], lessons.ladders[0].steps[2].text, lessons.ladders[0].timed[0]);
must(seconds > 1e-6 && seconds < 10, `a sum takes ${seconds} s`);

// A step that is wrong, and one for which the page has no inputs.
const { text } = lessons.ladders[1].steps[2];
const skips = await checker.step(lessons.ladders[1], text.replace('k < TILE; k++', 'k + 1u < TILE; k++'));
must(!skips.isRight && skips.outcomes.length === 2, `a product that lacks a term: ${inWords(skips)}`);
const other = await checker.step(lessons.ladders[1], `// Multiples: K 7\n${text}`).catch(error => error);
must(other instanceof Error && other.message.includes('no inputs for'), `multiples of 7: ${other}`);

/** What is said of an exercise's solution with a change. @param {number} number @param {string} old @param {string} changed */
const saidOf = async (number, old, changed) => {
  const exercise = lessons.exercises[number - 1];
  must(exercise.solution.includes(old), `the solution ${number} has no ${old}`);
  try {
    return await checker.exercise(exercise, exercise.solution.replaceAll(old, changed));
  } catch (error) {
    return { isRight: false, said: [], outcomes: [], diagnosis: error.message };
  }
};
// What the values say where no usual mistake fits, and what is wrong with a file, as tests/lessons/exercises.rs has it.
for (const [number, old, changed, part] of [
  [2, 'y[i] = 2.0 * x[i]', 'y[i] = 3.0 * x[i]', '1.5000 times'],
  [2, 'y[i] = 2.0 * x[i]', 'y[sizes.n - 1u - i] = 2.0 * x[i]', 'in other places'],
  [2, 'i >= sizes.n', 'i >= sizes.n - 1u', 'not all elements were written'],
  [2, '2.0 * x[i]', 'x[i] + x[i + 1u]', 'behind the end of an input'],
  [2, 'y[i] = ', 'y[i] += ', 'not with +='],
  [2, 'i >= sizes.n', 'i < 5000u', 'changes nothing'],
  [5, 'i < sizes.n', 'i < 64u * ((sizes.n + 63u) / 64u)', 'behind the end of an input'],
  [14, '/ sum;', '/ (sum - sum);', 'not a number'],
  [2, '2.0 * x[i]', '0.0 * x[i]', 'all wrong values are 0'],
  [2, '// Grid: N / 64', '// Grid: N / 64\n// Multiples: N 1000000000000', 'at most'],
  [2, '// Grid: N / 64', '// Grid: N, N, N, N', 'one to three'],
  [2, '// Grid: N / 64', '// Grid: N 60000, 60000, 60000', 'more than any lesson needs'],
  [2, '// Grid: N / 64', '// Grid: N / 64\n// Scratch: N 4611686018427387904', 'Scratch'],
  [2, '// Grid: N / 64', '// Grid: N /', 'no product'],
  [2, '// Grid: N / 64', '// Grid: Q', "'Q'"],
  [2, '// Grid: N / 64', '', 'no line such as'],
  [2, 'fn main', 'fn other', 'main'],
  [2, '@workgroup_size(64)', '@workgroup_size(64000)', ''],
  [2, '2.0 * x[i];', '2.0 * x[i]', "expected ';'"],
  [5, '        }\n        workgroupBarrier();\n    }', '            workgroupBarrier();\n        }\n    }', 'inside an `if`'],
]) {
  const verdict = await saidOf(number, old, changed);
  must(!verdict.isRight && inWords(verdict).includes(part), `${number} with ${changed}: ${inWords(verdict)}`);
}

const { description, device: name } = adapter.info;
console.log(
  `${description || name}: ${lessons.exercises.length} solutions, ${mistakes} mistakes and ${steps} steps, ${wrong.length} wrong`,
);
process.exit(wrong.length > 0 ? 1 : 0);
