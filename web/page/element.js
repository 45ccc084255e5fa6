// @ts-check
/** Makes parts of the page. Text is always text: nothing here reads a string as HTML. */

/**
 * An element with properties, attributes and children.
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, any>} settings properties of the element by their names in JavaScript (`className`, `onclick`, `disabled`), or
 *   attributes such as `aria-label` and `role`
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function element(name, settings = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(settings)) {
    if (key === 'style' || !(key in made)) {
      made.setAttribute(key, value);
    } else {
      /** @type {any} */ (made)[key] = value;
    }
  }
  made.append(...children.filter(isChild));
  return made;
}

/**
 * @param {Node | string | null | undefined | false} child
 * @returns {child is Node | string}
 */
function isChild(child) {
  return child !== null && child !== undefined && child !== false;
}

/**
 * The element of the page with this id, which must be there.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) {
    throw new Error(`the page has no element #${id}`);
  }
  return found;
}

/**
 * A number with about three digits, and thousands of it as k, M, G.
 * @param {number} value
 */
export function short(value) {
  if (!Number.isFinite(value)) {
    return String(value);
  }
  const size = Math.abs(value);
  for (const [factor, unit] of /** @type {[number, string][]} */ ([
    [1e9, ' G'],
    [1e6, ' M'],
    [1e3, ' k'],
  ])) {
    // What is rounded up to a thousand has the next unit.
    if (Number(size.toPrecision(3)) >= factor) {
      return digits(value / factor) + unit;
    }
  }
  return size > 0 && size < 1e-3 ? value.toExponential(2) : digits(value);
}

/** @param {number} value */
function digits(value) {
  return String(Number(value.toPrecision(3)));
}

/**
 * Seconds in a unit that suits them.
 * @param {number} seconds
 */
export function duration(seconds) {
  if (seconds <= 0) {
    return 'too short to be measured';
  }
  if (seconds >= 1) {
    return `${digits(seconds)} s`;
  }
  return seconds >= 1e-3 ? `${digits(seconds * 1e3)} ms` : `${digits(seconds * 1e6)} µs`;
}
