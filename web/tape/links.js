// @ts-check
/**
 * How the dispatches of a program belong together: which layer each belongs to, what feeds it, what it feeds, and gradients.
 * @import { Dispatch, Part, Pass, Tape } from './tape.js'
 */

/** A layer with the numbers of its dispatches. @typedef {{ name: string, passes: Record<Pass, number[]> }} Layer */

export class Links {
  /**
   * @param {Tape} tape
   * @param {number} program
   */
  constructor(tape, program) {
    this.tape = tape;
    this.dispatches = tape.programs[program].dispatches;
    this.layerOf = this.dispatches.map(() => '');
    this.dispatches.forEach((dispatch, number) => (this.layerOf[number] = this.layer(dispatch, number)));
  }

  /**
   * A dispatch without parameters belongs to the layer before it; its gradient to the same.
   * @param {Dispatch} dispatch
   * @param {number} number
   */
  layer({ layer, pass, label, gradient_of }, number) {
    if (layer) {
      return layer;
    }
    if (pass === 'update') {
      return 'all layers';
    }
    if (pass === 'backward') {
      return this.layerOf[gradient_of ?? -1] ?? 'loss';
    }
    return label.includes('cross_entropy') || label.includes('softmax') ? 'loss' : number === 0 ? 'data' : this.layerOf[number - 1];
  }

  /** The layers in the order of the forward pass. @returns {Layer[]} */
  layers() {
    /** @type {Map<string, Layer>} */
    const layers = new Map();
    this.dispatches.forEach(({ pass }, number) => {
      const name = this.layerOf[number];
      const known = layers.get(name) ?? { name, passes: { forward: [], backward: [], update: [] } };
      known.passes[pass].push(number);
      layers.set(name, known);
    });
    return [...layers.values()];
  }

  /**
   * The dispatches that wrote what a binding holds, the last first; none where it comes from before the run.
   * @param {number} number
   * @param {Part} part
   */
  writers(number, part) {
    const writers = [];
    // What is not yet known to be written; memory is used again, so only the last writer of a byte counts.
    let open = [{ start: part.offset, end: part.offset + part.bytes }];
    for (let earlier = number - 1; earlier >= 0 && open.length > 0; earlier--) {
      for (const { buffer, offset, bytes, writes } of this.dispatches[earlier].bindings) {
        const left = open.flatMap(({ start, end }) =>
          [
            { start, end: Math.min(end, offset) },
            { start: Math.max(start, offset + bytes), end },
          ].filter(one => one.start < one.end),
        );
        const isWritten = open.some(({ start, end }) => start < offset + bytes && offset < end);
        if (writes && buffer === part.buffer && isWritten) {
          writers.push(earlier);
          open = left;
        }
      }
    }
    return [...new Set(writers)];
  }

  /**
   * The dispatches that read what a dispatch writes to a binding.
   * @param {number} number
   * @param {Part} part
   */
  readers(number, part) {
    return this.dispatches.flatMap(({ bindings }, later) => {
      const reads = bindings.some(other => !other.writes && overlap(other, part) && this.writers(later, other).includes(number));
      return later > number && reads ? [later] : [];
    });
  }

  /** The dispatches of the gradient of a dispatch. @param {number} number */
  gradients(number) {
    return this.dispatches.flatMap(({ gradient_of }, other) => (gradient_of === number ? [other] : []));
  }

  /**
   * What a part is called, if it has a name: `conv1.weight`, or for a gradient in the arena of all of them `gradient of conv1.weight`.
   * @param {Part} part
   * @param {Pass} pass
   */
  nameOf(part, pass) {
    const { places, buffers } = this.tape;
    const own = places.find(place => place.buffer === part.buffer && place.offset === part.offset && place.bytes === part.bytes);
    if (own) {
      return own.name;
    }
    const isInArena = pass === 'backward' && !buffers[part.buffer].scratch;
    const parameter = places.find(
      ({ role, offset, shape }) => isInArena && role === 'parameter' && offset === part.offset && `${shape}` === `${part.shape}`,
    );
    return parameter ? `gradient of ${parameter.name}` : '';
  }

  /** Whether a part has the shape of a convolution's filters. @param {Part} part */
  isFilter({ shape }) {
    return this.tape.places.some(place => place.role === 'parameter' && shape.length === 4 && `${place.shape}` === `${shape}`);
  }
}

/**
 * @param {Part} one
 * @param {Part} other
 */
function overlap(one, other) {
  const { buffer, offset, bytes } = one;
  return buffer === other.buffer && offset < other.offset + other.bytes && other.offset < offset + bytes;
}

/** The bytes that a dispatch moves at least: each binding once. @param {Dispatch} dispatch */
export function bytesOf({ bindings }) {
  return bindings.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** A dispatch in words. @param {Dispatch} dispatch */
export function wordsOf({ label }) {
  return label.replaceAll('_', ' ');
}
