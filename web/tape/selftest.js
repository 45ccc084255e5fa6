// @ts-check
/**
 * Whether this GPU agrees with the recording.
 * @import { Runner } from './runner.js'
 */

/** The first two steps must agree to this share of a number. Later on a training makes any difference grow. */
export const TOLERANCE = 1e-4;
const FIRST_STEPS_COMPARED = 2;

/** Steps that were compared, and by how much they are off. @typedef {{ compared: number, first: number, largest: number, agrees: boolean }} Verdict */

/**
 * Replays the first `steps` steps and compares what is watched, losses and hits, with the recording.
 * @param {Runner} runner
 * @param {number} steps
 * @param {(done: number) => void} progress
 * @returns {Promise<Verdict>}
 */
export async function selfTest(runner, steps, progress = () => {}) {
  const { tape } = runner;
  runner.reset();
  const verdict = { compared: 0, first: 0, largest: 0, agrees: false };
  while (tape.runs[runner.next]?.moment.step <= steps) {
    const run = runner.run();
    if (!run) {
      break;
    }
    for (const [i, words] of run.expected.entries()) {
      const here = new Float32Array(await runner.read(tape.places[tape.watched[i]]));
      const there = new Float32Array(new Uint32Array(words).buffer);
      const off = difference(here, there);
      verdict.largest = Math.max(verdict.largest, off);
      if (verdict.compared < FIRST_STEPS_COMPARED) {
        verdict.first = Math.max(verdict.first, off);
      }
    }
    verdict.compared += run.expected.length > 0 ? 1 : 0;
    progress(run.moment.step);
  }
  verdict.agrees = verdict.compared > 0 && verdict.first <= TOLERANCE;
  return verdict;
}

/**
 * The largest difference as a share of what is expected.
 * @param {Float32Array} here
 * @param {Float32Array} there
 */
function difference(here, there) {
  const off = here.map((value, k) => Math.abs(value - there[k]) / Math.max(Math.abs(there[k]), 1e-6));
  // Not a number is off by everything.
  return off.some(Number.isNaN) ? Infinity : Math.max(...off);
}
