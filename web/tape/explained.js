// @ts-check
/**
 * A prediction with reasons: which parts of the picture speak for a class (Grad-CAM, Selvaraju et al. 2017), as
 * src/inference/grad_cam.rs computes it, and what the layers make of it.
 * @import { Place } from './tape.js'
 * @import { Predictor } from './predictor.js'
 * @import { Runner } from './runner.js'
 */

// Names of places of the tape: those of src/inference/explanation.rs.
const CLASSES = 'classes to explain';
const SEEN = 'last large layer';
const GRADIENT = 'gradient at the last large layer';
const LAYER = 'layer ';

/** A class with its probability, and for each pixel from 0 to 1 how much speaks for it. */
/** @typedef {{ label: number, probability: number, map: Float32Array | undefined }} Reason */
/** The output of a layer for one picture. @typedef {{ name: string, place: Place, values: ArrayBuffer }} LayerOutput */

/**
 * The most probable classes of a picture, with reasons, and the outputs of the layers.
 * @param {Predictor} predictor
 * @param {Uint8Array} pixels
 * @returns {Promise<{ probabilities: Float32Array, reasons: Reason[], layers: LayerOutput[] }>}
 */
export async function explained(predictor, pixels) {
  const { runner, batch, classes, input } = predictor;
  const [probabilities] = await predictor.predict(pixels);
  const labels = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]).slice(0, batch);
  const named = (/** @type {string} */ name) => runner.tape.places.find(place => place.name === name);
  const [wanted, seen, gradient] = [CLASSES, SEEN, GRADIENT].map(named);
  /** @type {(Float32Array | undefined)[]} */
  let maps = labels.map(() => undefined);
  /** @type {Promise<LayerOutput[]> | undefined} */
  let layers;
  if (wanted && seen && gradient) {
    // The picture once for each class, so that one run gives the gradients of all.
    const pictures = new Uint8Array(batch * pixels.length);
    const oneHot = new Float32Array(batch * classes);
    labels.forEach((label, i) => {
      pictures.set(pixels, i * pixels.length);
      oneHot[i * classes + label] = 1;
    });
    predictor.show(pictures);
    runner.device.queue.writeBuffer(runner.buffers[wanted.buffer], wanted.offset, oneHot);
    runner.submit(runner.programs[predictor.program]);
    // All is asked for before anything is waited for: a later picture must not come between.
    layers = readLayers(runner);
    const [outputs, gradients] = await Promise.all([runner.read(seen), runner.read(gradient)]);
    const [, rows, columns, channels] = seen.shape;
    const size = rows * columns * channels;
    maps = labels.map((_, i) => {
      const part = (/** @type {ArrayBuffer} */ bytes) => new Float32Array(bytes, 4 * i * size, size);
      return enlarged(mapOf(part(outputs), part(gradients), channels), [rows, columns], [input.shape[1], input.shape[2]]);
    });
  }
  const reasons = labels.map((label, i) => ({ label, probability: probabilities[label], map: maps[i] }));
  return { probabilities, reasons, layers: await (layers ?? readLayers(runner)) };
}

/**
 * The outputs of all layers for the first picture of the last run.
 * @param {Runner} runner
 * @returns {Promise<LayerOutput[]>}
 */
function readLayers(runner) {
  const places = runner.tape.places.filter(({ name }) => name.startsWith(LAYER));
  const outputs = places.map(async place => ({ name: place.name.slice(LAYER.length), place, values: await runner.read(place) }));
  return Promise.all(outputs);
}

/**
 * `max(0, sum over channels of w_c A_c)`, with w_c the sum of the gradient over the pixels, as a share of the largest.
 * @param {Float32Array} outputs of one picture, `[H, W, C]`
 * @param {Float32Array} gradients
 * @param {number} channels
 */
function mapOf(outputs, gradients, channels) {
  const weights = new Float64Array(channels);
  gradients.forEach((gradient, i) => (weights[i % channels] += gradient));
  const map = new Float64Array(outputs.length / channels);
  outputs.forEach((output, i) => (map[Math.floor(i / channels)] += output * weights[i % channels]));
  const most = map.reduce((one, other) => Math.max(one, other), 0);
  return Float32Array.from(map, value => (most > 0 ? Math.max(0, value) / most : 0));
}

/**
 * Bilinear, with half-pixel centres.
 * @param {Float32Array} map
 * @param {[number, number]} from rows and columns
 * @param {[number, number]} to
 */
function enlarged(map, [rows, columns], [height, width]) {
  const place = (/** @type {number} */ at, /** @type {number} */ size, /** @type {number} */ of) => {
    const x = Math.min(Math.max(((at + 0.5) * of) / size - 0.5, 0), of - 1);
    const before = Math.floor(x);
    return { before, behind: Math.min(before + 1, of - 1), share: x - before };
  };
  const large = new Float32Array(height * width);
  for (let y = 0; y < height; y++) {
    const down = place(y, height, rows);
    for (let x = 0; x < width; x++) {
      const across = place(x, width, columns);
      const row = (/** @type {number} */ at) =>
        (1 - across.share) * map[at * columns + across.before] + across.share * map[at * columns + across.behind];
      large[y * width + x] = (1 - down.share) * row(down.before) + down.share * row(down.behind);
    }
  }
  return large;
}
