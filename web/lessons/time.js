// @ts-check
/**
 * Times a kernel of a lesson.
 * @import { LessonKernel } from './run.js'
 * @import { LessonLengths } from './data.js'
 */

/** Runs are repeated until they take as long as this, in seconds: browsers' clocks are coarse. */
const LONG_ENOUGH = 0.05;
const MOST_REPEATS = 4096;

/**
 * Seconds of one run on random inputs.
 *
 * Starting work and hearing of its end takes a while, the same one for one run and for many: the difference of both is what
 * counts. Of three times the least is the least disturbed.
 * @param {LessonKernel} kernel
 * @param {LessonLengths} lengths
 */
export async function secondsOfRun(kernel, { sizes, inputs, output }) {
  const { queue } = kernel.device;
  const random = inputs.map(length => new Float32Array(length).map(() => 2 * Math.random() - 1));
  const seconds = await kernel.started(sizes, random, output, async run => {
    /** @param {number} times */
    const elapsed = async times => {
      const start = performance.now();
      run.submit(times);
      await queue.onSubmittedWorkDone();
      return (performance.now() - start) / 1e3;
    };
    let repeats = 1;
    while (repeats < MOST_REPEATS && (await elapsed(repeats)) < LONG_ENOUGH) {
      repeats *= 2;
    }
    const [once, often] = [1, 1 + repeats].map(times => ({ times, least: Infinity }));
    for (let round = 0; round < 3; round++) {
      for (const one of [once, often]) {
        one.least = Math.min(one.least, await elapsed(one.times));
      }
    }
    return (often.least - once.least) / repeats;
  });
  return { sizes, seconds };
}
