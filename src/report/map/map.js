'use strict';
// The map: a canvas drawn by WebGL whenever something has changed, names and the pointed image laid over it.

const about = JSON.parse(document.getElementById('about').textContent);
const bytesOf = (id) => Uint8Array.from(atob(document.getElementById(id).textContent), (c) => c.charCodeAt(0));
const places = new Float32Array(bytesOf('places').buffer); // x, y, z of each point
const labels = new Uint16Array(bytesOf('labels').buffer);
const count = labels.length;
const shown = about.names.map(() => true);

const canvas = document.getElementById('map');
const gl = canvas.getContext('webgl', { antialias: false });
if (!gl) {
  const problem = document.getElementById('problem');
  problem.textContent = 'This browser has no WebGL, which draws the map. The picture tsne.png beside this file shows it too.';
  problem.hidden = false;
  throw new Error(problem.textContent);
}

// ---- The view ----------------------------------------------------------------------------------------------------
// A place is turned, scaled and moved to pixels of the page: pixel = middle + scale * turn(place - centre) + moved.

const bounds = [0, 1, 2].map((axis) => {
  let [low, high] = [Infinity, -Infinity];
  for (let i = axis; i < places.length; i += 3) {
    low = Math.min(low, places[i]);
    high = Math.max(high, places[i]);
  }
  return [low, high];
});
const centre = bounds.map(([low, high]) => (low + high) / 2);
const extent = bounds.map(([low, high]) => high - low);
let farthest = 0; // from the centre
for (let i = 0; i < places.length; i += 3) {
  farthest = Math.max(farthest, Math.hypot(...centre.map((at, axis) => places[i + axis] - at)));
}
const IDENTITY = [1, 0, 0, 0, 1, 0, 0, 0, 1]; // rows
let view;

function reset() {
  const wide = canvas.clientWidth > 640; // the classes stand beside the map, else below it
  const width = canvas.clientWidth - (wide ? 260 : 40);
  const height = canvas.clientHeight - (wide ? 120 : 320);
  const room = about.solid
    ? Math.min(width, height) / (2 * farthest)
    : Math.min(width / (extent[0] || 1), height / (extent[1] || 1));
  const scale = room > 0 && Number.isFinite(room) ? room : 1;
  view = { turn: IDENTITY, scale, fitted: scale, moved: [wide ? -100 : 0, wide ? 0 : -110] };
}

const product = (a, b) => a.map((_, at) => [0, 1, 2].reduce((sum, k) => sum + a[at - (at % 3) + k] * b[3 * k + (at % 3)], 0));

// How pixels, from the left and from the top, come from places: pixel[axis] = at[axis] + rows[axis] * place.
function projection() {
  const { turn, scale, moved } = view;
  const rows = [turn.slice(0, 3).map((x) => scale * x), turn.slice(3, 6).map((x) => -scale * x)];
  const middle = [canvas.clientWidth / 2, canvas.clientHeight / 2];
  const at = rows.map((row, axis) => middle[axis] + moved[axis] - row.reduce((sum, x, k) => sum + x * centre[k], 0));
  return { at, rows };
}

function pixel(x, y, z) {
  const { at, rows } = projection();
  return rows.map((row, axis) => at[axis] + row[0] * x + row[1] * y + row[2] * z);
}

function zoom(factor, [x, y]) {
  const scale = Math.min(Math.max(view.scale * factor, view.fitted / 4), view.fitted * 400);
  const grown = scale / view.scale;
  const middle = [canvas.clientWidth / 2, canvas.clientHeight / 2];
  // What lies under the pointer stays there.
  view.moved = [x, y].map((at, axis) => at - middle[axis] - grown * (at - middle[axis] - view.moved[axis]));
  view.scale = scale;
}

// The radius of a dot in pixels: small when there are many, growing slowly with the zoom.
const radius = () => Math.min(Math.max((11 / count ** 0.21) * (view.scale / view.fitted) ** 0.35, 1.1), 14);

// The direction to the viewer, so that its product with a place is its depth, from -1 to 1; a map in the plane has none.
const toViewer = () => (about.solid && farthest > 0 ? view.turn.slice(6, 9).map((x) => x / farthest) : [0, 0, 0]);
const depthOf = (i, near) => near.reduce((sum, x, axis) => sum + x * (places[3 * i + axis] - centre[axis]), 0);

// ---- Drawing -----------------------------------------------------------------------------------------------------

const program = gl.createProgram();
for (const [kind, text] of [
  [gl.VERTEX_SHADER, `
    attribute vec3 place;
    attribute float dye;         // number of the point's colour, 255 if it is not shown
    uniform vec3 centre;
    uniform vec3 right, up;      // rows of the turn, times the scale, in clip space
    uniform vec3 near;           // the third row, from -1 to 1 over all points: nearer dots are larger
    uniform vec2 moved;          // in clip space
    uniform float size;          // pixels across
    uniform vec4 colors[10];
    varying vec4 color;
    varying mediump float own;
    void main() {
      vec3 from = place - centre;
      color = dye < 10.0 ? colors[int(dye)] : vec4(0.0);
      float depth = dot(near, from);
      gl_Position = color.a > 0.0 ? vec4(dot(right, from) + moved.x, dot(up, from) + moved.y, -depth, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
      own = size * (1.0 + 0.4 * depth);
      gl_PointSize = own + 1.0; // a pixel for the soft edge
    }`],
  [gl.FRAGMENT_SHADER, `
    precision mediump float;
    varying vec4 color;
    varying float own;
    void main() {
      float outside = length(gl_PointCoord - 0.5) * (own + 1.0) - 0.5 * own;
      float alpha = color.a * clamp(0.5 - outside, 0.0, 1.0);
      if (alpha < 0.05) discard; // hides nothing behind it
      gl_FragColor = vec4(color.rgb * alpha, alpha);
    }`],
]) {
  const shader = gl.createShader(kind);
  gl.shaderSource(shader, text);
  gl.compileShader(shader);
  gl.attachShader(program, shader);
}
gl.linkProgram(program);
gl.useProgram(program);
const dyes = new Uint8Array(count);
for (const [name, data, size, type] of [['place', places, 3, gl.FLOAT], ['dye', dyes, 1, gl.UNSIGNED_BYTE]]) {
  const at = gl.getAttribLocation(program, name);
  gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer()); // the last of them, that of the dyes, stays bound
  gl.bufferData(gl.ARRAY_BUFFER, data, gl.DYNAMIC_DRAW);
  gl.enableVertexAttribArray(at);
  gl.vertexAttribPointer(at, size, type, false, 0, 0);
}
const uniform = (name) => gl.getUniformLocation(program, name);
gl.uniform3fv(uniform('centre'), centre);
if (about.solid) gl.enable(gl.DEPTH_TEST);
gl.enable(gl.BLEND);
gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);

const dark = window.matchMedia('(prefers-color-scheme: dark)');
const colors = () => (dark.matches ? about.colorsOnDark : about.colors);
const dyeOf = (label) => label % about.colors.length; // with more classes than colours, some share one

function draw() {
  const density = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const pixels = [width, height].map((side) => Math.round(side * density));
  if (canvas.width !== pixels[0] || canvas.height !== pixels[1]) [canvas.width, canvas.height] = pixels;
  gl.viewport(0, 0, ...pixels);
  gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
  const { turn, scale, moved } = view;
  gl.uniform3fv(uniform('right'), turn.slice(0, 3).map((x) => (2 * scale * x) / width));
  gl.uniform3fv(uniform('up'), turn.slice(3, 6).map((x) => (2 * scale * x) / height));
  gl.uniform3fv(uniform('near'), toViewer());
  gl.uniform2f(uniform('moved'), (2 * moved[0]) / width, (-2 * moved[1]) / height);
  gl.uniform1f(uniform('size'), 2 * radius() * density);
  const alpha = dark.matches ? 0.9 : 0.75;
  gl.uniform4fv(uniform('colors'), colors().flatMap((rgb) => [...rgb.map((c) => c / 255), alpha]));
  for (let i = 0; i < count; i++) dyes[i] = shown[labels[i]] ? dyeOf(labels[i]) : 255;
  gl.bufferSubData(gl.ARRAY_BUFFER, 0, dyes);
  gl.drawArrays(gl.POINTS, 0, count);
  placeNames();
}

let asked = false;
function redraw() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    draw();
  });
}

// ---- Names at the classes' medians -------------------------------------------------------------------------------

const names = about.names.map((name, label) => {
  const own = [];
  for (let i = 0; i < count; i++) if (labels[i] === label) own.push(i);
  if (own.length === 0) return null;
  const at = [0, 1, 2].map((axis) => Float32Array.from(own, (i) => places[3 * i + axis]).sort()[own.length >> 1]);
  const span = document.createElement('span');
  span.textContent = name;
  document.getElementById('names').append(span);
  return { label, at, span, width: span.offsetWidth, height: span.offsetHeight };
}).filter((name) => name);
let namesShown = true;

function placeNames() {
  const visible = names.filter(({ label }) => namesShown && shown[label]);
  for (const name of names) name.span.hidden = !visible.includes(name);
  const boxes = visible.map(({ at, ...box }) => {
    const [x, y] = pixel(...at);
    return { ...box, x, y };
  }).sort((a, b) => a.y - b.y);
  // Names that would cover each other are moved apart, up and down.
  for (let round = 0; round < 20; round++) {
    for (const [i, low] of boxes.entries()) {
      for (const high of boxes.slice(0, i)) {
        const lacking = (low.height + high.height) / 2 - (low.y - high.y);
        if (lacking > 0 && Math.abs(low.x - high.x) < (low.width + high.width) / 2) {
          high.y -= lacking / 2;
          low.y += lacking / 2;
        }
      }
    }
  }
  for (const { span, x, y } of boxes) span.style.transform = `translate(${x}px, ${y}px) translate(-50%, -50%)`;
}

// ---- Pointing ----------------------------------------------------------------------------------------------------

const pointed = document.getElementById('pointed');
const ring = document.getElementById('ring');
const stage = pointed.querySelector('canvas').getContext('2d');
const sheets = document.getElementsByClassName('sheet');
const decoded = new Map();
let current = -1;

// The shown point nearest to a pixel, if it is near; of those that cover it the nearest to the viewer. A look at all of them
// takes about a millisecond.
function nearest(x, y) {
  const near = toViewer();
  // Plain numbers, since the loop goes over all points at every move of the pointer.
  const { at: [left, top], rows: [[a, b, c], [d, e, f]] } = projection();
  const [inside, outside] = [radius() ** 2, (radius() + 5) ** 2];
  let [best, least] = [-1, Infinity];
  for (let i = 0; i < count; i++) {
    if (!shown[labels[i]]) continue;
    const [u, v, w] = [places[3 * i], places[3 * i + 1], places[3 * i + 2]];
    const right = left + a * u + b * v + c * w - x;
    const below = top + d * u + e * v + f * w - y;
    const squared = right * right + below * below;
    if (squared >= outside) continue;
    const rank = about.solid && squared < inside ? -2 - depthOf(i, near) : squared;
    if (rank < least) [best, least] = [i, rank];
  }
  return best;
}

function point(x, y) {
  const found = nearest(x, y);
  pointed.hidden = ring.hidden = found < 0;
  if (found >= 0) {
    const [left, top] = pixel(places[3 * found], places[3 * found + 1], places[3 * found + 2]);
    ring.style.transform = `translate(${left}px, ${top}px) translate(-50%, -50%)`;
    ring.style.width = ring.style.height = `${2 * radius() * (1 + 0.4 * depthOf(found, toViewer())) + 6}px`;
    if (found !== current) show(found);
    const { offsetWidth: width, offsetHeight: height } = pointed;
    // Beside the pointer, on the side where there is room.
    const beside = x + 24 + width < window.innerWidth ? x + 24 : x - 24 - width;
    const over = Math.min(Math.max(y - height / 2, 8), window.innerHeight - height - 8);
    pointed.style.transform = `translate(${beside}px, ${over}px)`;
  }
  current = found;
}

function pointAtNothing() {
  pointed.hidden = ring.hidden = true;
}

function show(i) {
  pointed.querySelector('b').textContent = about.names[labels[i]];
  pointed.querySelector('span').textContent = `image ${i}`;
  pointed.style.setProperty('--color', `rgb(${colors()[dyeOf(labels[i])]})`);
  const number = Math.floor(i / about.sheet);
  if (!decoded.has(number)) {
    const image = new Image();
    image.src = `data:image/png;base64,${sheets[number].textContent}`;
    decoded.set(number, image);
  }
  const sheet = decoded.get(number);
  const paint = () => {
    if (current !== i) return; // the pointer has gone on
    const { canvas } = stage;
    const scale = canvas.width / Math.max(about.width, about.height);
    const [width, height] = [scale * about.width, scale * about.height];
    stage.imageSmoothingEnabled = false;
    stage.drawImage(sheet, 0, (i % about.sheet) * about.height, about.width, about.height,
      (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
  };
  current = i;
  stage.clearRect(0, 0, stage.canvas.width, stage.canvas.height);
  sheet.decode().then(paint, () => {});
}

// ---- Pointers, wheel, keys ---------------------------------------------------------------------------------------

const down = new Map(); // pointers that are down, and where
const middleOf = (points) => [0, 1].map((axis) => points.reduce((sum, at) => sum + at[axis], 0) / points.length);
const spread = ([a, b]) => Math.hypot(a[0] - b[0], a[1] - b[1]);

canvas.addEventListener('pointerdown', (event) => {
  if (event.button !== 0) return;
  canvas.setPointerCapture(event.pointerId);
  down.set(event.pointerId, [event.clientX, event.clientY]);
  canvas.classList.add('dragging');
  // A finger has no hover: where it taps it points.
  if (event.pointerType !== 'mouse') point(event.clientX, event.clientY);
});
canvas.addEventListener('pointermove', (event) => {
  const at = [event.clientX, event.clientY];
  if (!down.has(event.pointerId)) {
    point(...at);
    return;
  }
  const before = [...down.values()];
  down.set(event.pointerId, at);
  const after = [...down.values()];
  const [from, to] = [middleOf(before), middleOf(after)];
  const by = [to[0] - from[0], to[1] - from[1]];
  if (Math.hypot(...by) === 0 && after.length === 1) return;
  if (about.solid && after.length === 1 && !event.shiftKey) turn(by);
  else view.moved = view.moved.map((moved, axis) => moved + by[axis]);
  if (after.length === 2) zoom(spread(after) / Math.max(spread(before), 1), to);
  pointAtNothing();
  redraw();
});
// Capture is lost whichever way a press ends, also when a menu takes the pointer.
canvas.addEventListener('lostpointercapture', (event) => {
  down.delete(event.pointerId);
  if (down.size === 0) canvas.classList.remove('dragging');
});
// A finger leaves when it is lifted; what it has pointed at is to stay.
canvas.addEventListener('pointerleave', (event) => {
  if (event.pointerType === 'mouse') pointAtNothing();
});
canvas.addEventListener('dblclick', () => act('reset'));
canvas.addEventListener('wheel', (event) => {
  event.preventDefault();
  // Some mice count lines, not pixels.
  const pixels = event.deltaY * (event.deltaMode === 1 ? 16 : 1);
  zoom(Math.exp(-pixels / 400), [event.clientX, event.clientY]);
  point(event.clientX, event.clientY);
  redraw();
}, { passive: false });

// Turns a map of three dimensions about the axes of the screen.
function turn([right, down]) {
  const [a, b] = [right / 200, down / 200];
  const aboutUp = [Math.cos(a), 0, Math.sin(a), 0, 1, 0, -Math.sin(a), 0, Math.cos(a)];
  const aboutRight = [1, 0, 0, 0, Math.cos(b), Math.sin(b), 0, -Math.sin(b), Math.cos(b)];
  view.turn = product(aboutRight, product(aboutUp, view.turn));
}

const KEYS = {
  '+': () => zoom(1.25, [canvas.clientWidth / 2, canvas.clientHeight / 2]),
  '-': () => zoom(0.8, [canvas.clientWidth / 2, canvas.clientHeight / 2]),
  0: reset,
  ArrowLeft: () => (view.moved[0] += 60),
  ArrowRight: () => (view.moved[0] -= 60),
  ArrowUp: () => (view.moved[1] += 60),
  ArrowDown: () => (view.moved[1] -= 60),
};
canvas.addEventListener('keydown', (event) => {
  const key = event.key === '=' ? '+' : event.key;
  if (!Object.hasOwn(KEYS, key) || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  KEYS[key]();
  pointAtNothing();
  redraw();
});

// ---- Classes -----------------------------------------------------------------------------------------------------

const form = document.getElementById('classes');
const boxes = [...form.querySelectorAll('input')];

function update() {
  for (const box of boxes) shown[box.value] = box.checked;
  pointAtNothing();
  redraw();
}

function act(what) {
  if (what === 'reset') reset();
  else if (what === 'names') {
    namesShown = !namesShown;
    form.querySelector('[data-do=names]').setAttribute('aria-pressed', namesShown);
  } else for (const box of boxes) box.checked = what === 'all';
  update();
}

form.addEventListener('change', update);
form.addEventListener('click', (event) => {
  const what = event.target.dataset.do;
  if (what) act(what);
});
// Two clicks put a class back as it was; together they show it alone.
form.addEventListener('dblclick', (event) => {
  const label = event.target.closest('label');
  if (!label) return;
  for (const box of boxes) box.checked = label.contains(box);
  update();
});

// A page that was changed before it was loaded anew keeps its boxes, in some browsers.
form.reset();
window.addEventListener('resize', () => {
  pointAtNothing();
  if (view.scale === view.fitted) reset();
  redraw();
});
// The system may take the graphics memory away, while it sleeps for example.
canvas.addEventListener('webglcontextlost', (event) => event.preventDefault());
canvas.addEventListener('webglcontextrestored', () => location.reload());
dark.addEventListener('change', redraw);
reset();
redraw();
