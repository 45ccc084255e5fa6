// @ts-check
/**
 * Reads the file of a tape, which docs/tapes.md describes: gzip of a mark, the length of a description in JSON, the description,
 * and the data that it names by place and length.
 *
 * @typedef {{ place: number, bytes: number }} Piece
 * @typedef {{ bytes: number, scratch: boolean, contents: Piece }} TapeBuffer
 * @typedef {{ text: string, entry: string }} TapeKernel
 * @typedef {{ buffer: number, offset: number, bytes: number, shape: number[], integers: boolean }} Part
 * @typedef {Part & { writes: boolean }} Binding
 * @typedef {'parameter' | 'statistic' | 'state' | 'rate' | 'sums' | 'input' | 'output' | 'other'} Role
 * @typedef {Part & { name: string, role: Role }} Place
 * @typedef {'forward' | 'backward' | 'update'} Pass
 * @typedef {{ label: string, shapes: string, layer: string, pass: Pass, gradient_of: number | null, kernel: number, params: number[],
 *             bindings: Binding[], workgroups: [number, number, number], flops: number, executed: number }} Dispatch
 * @typedef {{ name: string, dispatches: Dispatch[] }} TapeProgram
 * @typedef {{ buffer: number, offset: number, contents: Piece }} Write
 * @typedef {{ step: number, epoch: number, images: number }} Moment
 * @typedef {{ program: number, moment: Moment, writes: Write[], expected: number[][] }} Run
 * @typedef {{ version: number, title: string, adapter: string, buffers: TapeBuffer[], kernels: TapeKernel[],
 *             programs: TapeProgram[], runs: Run[], places: Place[], watched: number[], data: Uint8Array }} Tape
 */

const MARK = 'selvtape';
const VERSION = 2;

/**
 * @param {Uint8Array<ArrayBuffer>} packed the bytes of the file
 * @returns {Promise<Tape>}
 */
export async function readTape(packed) {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const text = new TextDecoder();
  if (text.decode(bytes.subarray(0, 8)) !== MARK) {
    throw new Error('this is no tape');
  }
  const length = Number(new DataView(bytes.buffer).getBigUint64(8, true));
  const tape = JSON.parse(text.decode(bytes.subarray(16, 16 + length)));
  if (tape.version !== VERSION) {
    throw new Error(`the tape has version ${tape.version}, and this page reads version ${VERSION}`);
  }
  return { ...tape, data: bytes.subarray(16 + length) };
}

/**
 * The bytes of a piece of the data.
 * @param {Tape} tape
 * @param {Piece} piece
 */
export function piece(tape, { place, bytes }) {
  return tape.data.subarray(place, place + bytes);
}

/**
 * The first place with this role.
 * @param {Tape} tape
 * @param {Role} role
 */
export function placeOf(tape, role) {
  return tape.places.find(place => place.role === role);
}

/**
 * The number of the program with this name, or -1.
 * @param {Tape} tape
 * @param {string} name
 */
export function programNamed(tape, name) {
  return tape.programs.findIndex(program => program.name === name);
}
