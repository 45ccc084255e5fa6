// node --experimental-websocket firefox.mjs LAB.html: opens a lab in Firefox, headless, by WebDriver BiDi, and has it replay two steps on
// this machine's Vulkan driver. Exits with 1 when it does not agree with the recording, with 3 where Firefox gives no adapter.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const WAIT = 300_000;
const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'firefox-'));
// On Linux Firefox has WebGPU behind these.
const settings = { 'dom.webgpu.enabled': true, 'gfx.webgpu.ignore-blocklist': true };
const lines = Object.entries(settings).map(([name, value]) => `user_pref("${name}", ${value});\n`);
fs.writeFileSync(path.join(profile, 'user.js'), lines.join(''));
const firefox = spawn('firefox-esr', ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0']);

/** @param {number} status */
function end(status) {
  firefox.kill();
  firefox.once('exit', () => {
    fs.rmSync(profile, { recursive: true, force: true });
    process.exit(status);
  });
}

const address = await new Promise(found => {
  firefox.stderr.on('data', text => {
    const said = /WebDriver BiDi listening on (\S+)/.exec(text);
    if (said) found(said[1]);
  });
});
const socket = new WebSocket(`${address}/session`);
await new Promise(opened => (socket.onopen = opened));
const waiting = new Map();
socket.onmessage = ({ data }) => {
  const answer = JSON.parse(data);
  waiting.get(answer.id)?.(answer);
};
/** Asks Firefox for something. @param {string} method @param {object} params */
function ask(method, params) {
  const id = waiting.size + 1;
  socket.send(JSON.stringify({ id, method, params }));
  return new Promise(answered => waiting.set(id, answered)).then(answer => answer.result);
}

await ask('session.new', { capabilities: {} });
const { context } = await ask('browsingContext.create', { type: 'tab' });
const url = `${pathToFileURL(process.argv[2])}?test=2`;
await ask('browsingContext.navigate', { context, url, wait: 'complete' });
const expression = `document.querySelector('#verdict')?.dataset.verdict ?? ''`;
const start = Date.now();
let verdict = '';
while (!verdict && Date.now() - start < WAIT) {
  await new Promise(later => setTimeout(later, 500));
  verdict = (await ask('script.evaluate', { expression, target: { context }, awaitPromise: false })).result.value;
}
const { agrees, first, problem } = JSON.parse(verdict || '{ "problem": "no verdict came" }');
console.log(agrees ? `Firefox agrees with the recording to ${first}` : `Firefox: ${problem ?? `off by ${first}`}`);
end(agrees ? 0 : /adapter|has no WebGPU/.test(problem) ? 3 : 1);
