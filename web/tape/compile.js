// @ts-check
/** What a browser's compiler says of a kernel. */

/** @typedef {{ line: number, column: number, message: string, isError: boolean }} Said */

/**
 * Compiles a text; the module can be used if no error is said.
 * @param {GPUDevice} device
 * @param {string} text
 * @returns {Promise<{ module: GPUShaderModule, said: Said[] }>}
 */
export async function compiled(device, text) {
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ code: text });
  // Nothing comes between: scopes of others must not be mixed up with this one.
  const failed = device.popErrorScope();
  const { messages } = await module.getCompilationInfo();
  const error = await failed;
  const said = messages.map(({ lineNum, linePos, message, type }) => ({
    line: lineNum,
    column: linePos,
    message,
    isError: type === 'error',
  }));
  if (error && !said.some(one => one.isError)) {
    said.push({ line: 0, column: 0, message: error.message, isError: true });
  }
  return { module, said };
}

/**
 * What was said, in a line each.
 * @param {Said[]} said
 */
export function inLines(said) {
  return said.map(({ line, column, message, isError }) => {
    const place = line > 0 ? `line ${line}, column ${column}: ` : '';
    return `${isError ? 'error' : 'note'}: ${place}${message}`;
  });
}
