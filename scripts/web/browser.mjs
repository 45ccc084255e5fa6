// node browser.mjs FOLDER: opens the pages in FOLDER (lab.html, model.html) in Chromium by playwright-core, on SwiftShader, and does what a
// reader would do. scripts/web/browser.sh makes the pages. Pictures of the pages are written to FOLDER/pictures, to be looked at.
//
// Exits with 1 where something is not so, with 3 where the browser gives no adapter.
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const folder = path.resolve(process.argv[2]);
const pictures = path.join(folder, 'pictures');
fs.mkdirSync(pictures, { recursive: true });
const FLAGS = ['--no-sandbox', '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];
// Without these the browser itself asks its maker's servers.
const QUIET = ['--disable-background-networking', '--disable-component-update', '--disable-sync'];
const WAIT = 600_000;

let failed = 0;
/** @param {boolean} holds @param {string} words */
function must(holds, words) {
  console.log(`${holds ? 'ok' : 'WRONG'}: ${words}`);
  failed += holds ? 0 : 1;
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: [...FLAGS, ...QUIET] });

/** Opens a page of the folder; what it says on the console, and what it asks of a network, is wrong. */
async function open(name, { search = '', hash = '', ...options } = {}) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
  page.setDefaultTimeout(WAIT);
  page.on('console', message => message.type() !== 'error' || must(false, `the console says: ${message.text()}`));
  page.on('pageerror', error => must(false, `the script fails: ${error.message}`));
  page.on(
    'request',
    request => /^(file|data|blob):/.test(request.url()) || must(false, `it asks for ${request.url().slice(0, 80)}`),
  );
  await page.goto(`${pathToFileURL(path.join(folder, name))}${search}${hash}`);
  return page;
}

const state = page => page.locator('.state');
const ready = page =>
  state(page)
    .filter({ hasText: /Ready|What to do/ })
    .waitFor();
const press = (page, name) => page.getByRole('button', { name, exact: true }).click();
const go = (page, hash) => page.evaluate(hash => (location.hash = hash), hash);
const shoot = (page, name) => page.screenshot({ path: path.join(pictures, `${name}.png`) });
/** Puts a text into the editor of the page, as a reader's typing does. */
const edit = (page, change) =>
  page.locator('.editor textarea').evaluate((area, [from, to]) => {
    const text = area.value.replace(from, to);
    const isOther = text !== area.value;
    area.value = text;
    area.dispatchEvent(new Event('input'));
    return isOther;
  }, change);

console.log('# The recording');
{
  const page = await open('lab.html', { search: '?test=2' });
  await ready(page);
  if (await state(page).filter({ hasText: 'What to do' }).count()) {
    console.log(await state(page).textContent());
    process.exit(3);
  }
  await page.waitForFunction(() => document.querySelector('.state')?.textContent?.startsWith('Ready'));
  await go(page, '#device');
  const verdict = page.locator('#verdict[data-verdict]');
  await verdict.waitFor();
  const { agrees, first } = JSON.parse(await verdict.getAttribute('data-verdict'));
  must(agrees, `the losses of two runs agree with the recording's to ${first}`);
  await shoot(page, 'device');
  await page.close();
}

console.log('# Training');
const page = await open('lab.html');
await ready(page);
await shoot(page, 'train-before');
{
  const losses = () =>
    page
      .locator('.chart path.training')
      .first()
      .evaluate(path => path.getAttribute('d'));
  await press(page, 'One step');
  await state(page).filter({ hasText: 'Step 1 ' }).waitFor();
  await press(page, 'Train');
  await state(page).filter({ hasText: 'All' }).waitFor();
  // The y of a point grows downwards.
  const heights = (await losses())
    .split(/[ML]/)
    .slice(1)
    .map(point => Number.parseFloat(point.split(' ')[1]));
  const mean = list => list.reduce((sum, one) => sum + one, 0) / list.length;
  must(mean(heights.slice(-3)) > mean(heights.slice(0, 3)) + 10, `the loss falls in ${heights.length} readings`);
  must(
    (await page.locator('.tiles .said').allTextContents()).every(text => /^[✓✗] /.test(text)),
    'every image has a guess',
  );
  await shoot(page, 'train');
  await press(page, 'Reset');
  await state(page).filter({ hasText: 'Ready' }).waitFor();
}

console.log('# The network and a dispatch');
{
  await go(page, '#network');
  await page.locator('.block').first().waitFor();
  await press(page, 'Measure');
  await page.locator('.network .note').filter({ hasText: 'on your GPU' }).waitFor();
  await shoot(page, 'network');
  // The weight gradient of the fourth convolution, found as a reader would find it.
  await page
    .locator('.dispatches tr')
    .filter({ hasText: 'conv4' })
    .filter({ hasText: 'weight grad' })
    .getByRole('link')
    .first()
    .click();
  await page.locator('.tensor-view').first().waitFor();
  const table = await page.locator('.dispatch table').nth(1).textContent();
  must(/output of \d+ batch norm/.test(table) && table.includes('gradient of conv4.weight'), 'what it reads and writes is named');
  must((await page.locator('.dispatch header').textContent()).includes('gradient of'), 'it is linked to its convolution');
  await shoot(page, 'dispatch');
}

console.log('# Looking changes nothing');
{
  const kept = () =>
    page.evaluate(async () => {
      const { runner, inspector } = globalThis.lab;
      const parts = await Promise.all(inspector.kept.map(({ number, bytes }) => runner.read({ buffer: number, offset: 0, bytes })));
      const words = parts.flatMap(part => [...new Uint32Array(part)]);
      return words.reduce((hash, word) => (Math.imul(hash, 31) + word) | 0, 0);
    });
  const before = await kept();
  const { length } = await page.evaluate(() => ({ length: globalThis.lab.tape.programs[0].dispatches.length }));
  for (const number of [length - 3, length - 2, length - 1]) {
    await go(page, `#dispatch/0/${number}`);
    await page.locator('.tensor-view').first().waitFor();
    await page
      .locator('.dispatch td')
      .filter({ hasText: /FLOP\/s|too short/ })
      .waitFor();
  }
  must((await kept()) === before, 'all that outlives a step is as before');
}

console.log('# Changes');
{
  await go(page, '#network');
  await page.locator('.dispatches').getByRole('link', { name: 'adam' }).click();
  await page.locator('.tensor-view').first().waitFor();
  const said = page.locator('.verdict');
  must(await edit(page, ['- rate * step', '-  rate * step  /* the same */']), 'adam has the line to change');
  await press(page, 'Run on the same inputs');
  await said.filter({ hasText: 'The same' }).waitFor();
  must(true, 'a change of spaces gives the same bits');
  await edit(page, ['-  rate * step', '+ rate * step']);
  await press(page, 'Run on the same inputs');
  await said.filter({ hasText: 'Different: ' }).waitFor();
  must(true, 'another sign is seen');
  await shoot(page, 'changed');
  await press(page, 'Train on with it');
  await page.locator('.changes').filter({ hasText: 'One kernel is yours' }).waitFor();
  await press(page, 'Pause');
  must(true, 'the training goes on with it');
  await edit(page, ['fn main', 'fn main main']);
  await press(page, 'Run on the same inputs');
  await said.filter({ hasText: 'does not compile' }).waitFor();
  must((await page.locator('.numbers mark').count()) > 0, 'the line that does not compile is marked');
  await press(page, 'The original again');
  must(await page.locator('.changes').isHidden(), 'the original is back');
}

console.log('# Lessons');
{
  await go(page, '#lessons/exercise/2');
  const desk = page.locator('.lesson-desk');
  await press(page, 'Check');
  await desk.filter({ hasText: 'Not solved yet' }).waitFor();
  must(true, 'the gap is not solved');
  await press(page, 'Solution');
  const solution = await page.locator('.lesson-solution pre').textContent();
  await page.locator('.editor textarea').fill(solution);
  await press(page, 'Check');
  await desk.filter({ hasText: 'Solved.' }).waitFor();
  must(true, 'the solution is');
  await shoot(page, 'exercise');
  await go(page, '#lessons/ladder/sum/1');
  await page.getByRole('button', { name: 'Check', exact: true }).click();
  await page.locator('.lesson-desk').filter({ hasText: /right/i }).waitFor();
  must(true, 'a step of a ladder is right');
}
await page.close();

console.log('# Other screens');
for (const [name, options] of [
  ['dark', { colorScheme: 'dark' }],
  ['phone', { viewport: { width: 390, height: 844 }, hasTouch: true }],
]) {
  const other = await open('lab.html', options);
  await ready(other);
  for (const part of ['train', 'network', 'dispatch/0/1', 'lessons', 'lessons/exercise/3', 'device']) {
    await go(other, `#${part}`);
    await other.waitForTimeout(1500);
    const wide = await other.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    must(wide <= 0, `${name}: #${part} is no wider than the screen (${wide})`);
    await shoot(other, `${name}-${part.replaceAll('/', '-')}`);
  }
  if (options.hasTouch) {
    await other.getByRole('link', { name: 'The network' }).tap();
    await other.locator('.block').nth(1).tap();
    await other.locator('.dispatch h2').waitFor();
    must((await other.locator('.dispatch h2').textContent()).startsWith('1 ·'), 'a block is opened with a finger');
  }
  await other.close();
}

console.log('# A trained network');
{
  const model = await open('model.html');
  await ready(model);
  const lines = fs.readFileSync(path.join(folder, 'predicted.jsonl'), 'utf8').trim().split('\n');
  for (const { picture, classes } of lines.map(line => JSON.parse(line))) {
    await model.locator('.reasons').evaluate(list => delete list.dataset.probabilities);
    await model.locator('input[type=file]').setInputFiles(picture);
    const reasons = model.locator('.reasons[data-probabilities]');
    await reasons.waitFor();
    const probabilities = JSON.parse(await reasons.getAttribute('data-probabilities'));
    const names = await model.locator('.reasons b').allTextContents();
    const off = Math.max(...names.map((name, i) => Math.abs(probabilities.toSorted((a, b) => b - a)[i] - classes[i].probability)));
    const same = names.every((name, i) => name === classes[i].class);
    must(
      same && off < 1e-4,
      `${path.basename(picture)}: ${names.join(', ')} as \`selvedge predict\` says, to ${off.toExponential(1)}`,
    );
  }
  await model.waitForTimeout(500);
  await model.screenshot({ path: path.join(pictures, 'model.png'), fullPage: true });
  // Drawn by hand.
  const canvas = await model.locator('canvas.drawing').boundingBox();
  await press(model, 'Clear');
  await model.mouse.move(canvas.x + 80, canvas.y + 60);
  await model.mouse.down();
  await model.mouse.move(canvas.x + 200, canvas.y + 220, { steps: 8 });
  await model.mouse.up();
  await model.locator('.reasons b').first().waitFor();
  must((await model.locator('.reasons b').count()) === 3, 'what is drawn gets three answers');
  await model.close();
}

await browser.close();
console.log(failed === 0 ? 'all is as it should be' : `${failed} things are wrong`);
process.exit(failed === 0 ? 0 : 1);
