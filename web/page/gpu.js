// @ts-check
/** The reader's GPU. */
import { element } from './element.js';

/** A device, or why there is none. @typedef {{ device: GPUDevice, adapter: GPUAdapter } | { problem: string }} Found */

/** What is used where it exists; nothing needs it. */
const WANTED = /** @type {GPUFeatureName[]} */ (['timestamp-query', 'subgroups']);

/** @returns {Promise<Found>} */
export async function findGpu() {
  if (!('gpu' in navigator)) {
    return { problem: 'This browser has no WebGPU.' };
  }
  try {
    const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
    if (!adapter) {
      return {
        problem: 'This browser has WebGPU, but gives no adapter: it may not trust the driver, or hardware acceleration is off.',
      };
    }
    const requiredFeatures = WANTED.filter(feature => adapter.features.has(feature));
    return { device: await adapter.requestDevice({ requiredFeatures }), adapter };
  } catch (error) {
    return { problem: `This browser's WebGPU does not start: ${error instanceof Error ? error.message : error}` };
  }
}

/**
 * The adapter's name, as far as the browser tells it.
 * @param {GPUAdapter} adapter
 */
export function nameOf({ info }) {
  const parts = [info?.description || info?.device, info?.vendor, info?.architecture].filter(Boolean);
  return [...new Set(parts)].join(' ') || 'a GPU that the browser does not name';
}

/** How to get WebGPU. */
export function help() {
  const ways = [
    'Take Chrome or Edge from version 123 on, on Windows, macOS, ChromeOS or Android 12. On Linux start ' +
      'them with --enable-unsafe-webgpu --enable-features=Vulkan if chrome://gpu says that it is off.',
    'Safari has it from version 26 on macOS, iOS and iPadOS.',
    'Firefox has it from version 141 on Windows and from 145 on Macs with Apple silicon. On Linux set dom.webgpu.enabled and ' +
      'gfx.webgpu.ignore-blocklist to true in about:config.',
    'Some browsers give it only to pages from https: or localhost. Serve this file then: python3 -m http.server, and open ' +
      'http://localhost:8000.',
  ];
  return element('ul', {}, ...ways.map(way => element('li', {}, way)));
}
