// Small tools: elements from plain data, words, links, messages.

/**
 * Return the element with an id, which the page is sure to have.
 * @template {HTMLElement} [Kind=HTMLElement]
 * @param {string} id
 * @param {new () => Kind} [kind]
 * @returns {Kind}
 */
function byId(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof (kind ?? HTMLElement))) throw new TypeError(`the page has no such element as #${id}`);
  return /** @type {Kind} */ (found);
}

/**
 * Return all elements that fit a selector, which says by itself of what kind they are.
 * @template {Element} [Kind=HTMLElement]
 * @param {string} selector
 * @param {ParentNode} root
 * @returns {Kind[]}
 */
const all = (selector, root = document) => [.../** @type {NodeListOf<Kind>} */ (root.querySelectorAll(selector))];

/**
 * Return the element around the place of an event, itself included, that fits a selector.
 * @param {Event} event
 * @param {string} selector
 * @returns {HTMLElement | null}
 */
const around = (event, selector) => event.target instanceof Element ? event.target.closest(selector) : null;

/** @typedef {Node | string | null | undefined} Child */
/**
 * Make an element; text goes in as text, never as markup.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {{ class?: string, click?: () => void, [attribute: string]: unknown }} options
 * @param {Child[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
function make(tag, options = {}, ...children) {
  const element = document.createElement(tag);
  const { class: classes, click, ...attributes } = options;
  if (classes) element.className = classes;
  if (click) element.addEventListener("click", click);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  element.append(...children.flatMap((child) => child ?? []));
  return element;
}

/**
 * Return the words for a key with numbers and names filled in.
 * @param {string} key
 * @param {Record<string, string | number>} values
 */
const words = (key, values = {}) => fillWords(page.words[key] ?? key, values);

const breaks = new RegExp(page.breaks);

/**
 * Return a text in parts between which a line may end.
 * @param {string} text
 */
function breakable(text) {
  return text.split(breaks).flatMap((part, i) => i ? [document.createElement("wbr"), part] : [part]);
}

/**
 * Return a link to a place in the trace.
 * @param {string} selector
 * @param {string} text
 */
const link = (selector, text = selector) => make("a", { href: addressOf(selector), class: "at" }, ...breakable(text));

/**
 * Return a button.
 * @param {{ class?: string, [attribute: string]: unknown }} options
 * @param {string} text
 * @param {() => void} click
 */
const button = (options, text, click) => make("button", { type: "button", click, ...options }, text);

/**
 * Return dtype and dims as an element, dims that have a name in their colour.
 * @param {TensorType} type
 */
function shapeElement({ dtype, dims }) {
  const code = make("code", { class: "shape" }, `${dtype}[`);
  dims.forEach((size, position) => {
    const symbol = symbolsBySize.get(size);
    const options = symbol ? { class: `d y${symbol.colour}`, "data-s": symbol.name } : { class: "n", "data-n": size };
    code.append(position ? ", " : "", make("span", options, String(size)));
  });
  code.append("]");
  return code;
}

/**
 * Return `takes → gives` as an element; one of them if they are the same or there is but one.
 * @param {MainTypes} types
 */
function typesElement({ takes, gives }) {
  const shown = new Set([takes ?? gives, gives ?? takes]);
  const parts = [...shown].map((type) => type && shapeElement(type));
  return make("span", { class: "types" }, ...parts.flatMap((part, position) => position ? [" → ", part] : [part]));
}

/**
 * Say something for a moment.
 * @param {string} text
 */
function toast(text) {
  const box = byId("toast");
  box.textContent = text;
  box.classList.add("shown");
  clearTimeout(state.toastTimer);
  state.toastTimer = setTimeout(() => box.classList.remove("shown"), 1600);
}

/**
 * Copy a text; where the page may not use the clipboard, select it in a hidden field and copy that.
 * @param {string} text
 */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = make("textarea", { style: "position:fixed;opacity:0" });
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  toast(`${words("copied")}${words("colon")}${shorten(text, 60)}`);
}

/**
 * Return a function that acts once nothing has called it for a while.
 * @param {number} milliseconds
 * @param {() => void} act
 */
function delayed(milliseconds, act) {
  let timer = 0;
  return () => { clearTimeout(timer); timer = setTimeout(act, milliseconds); };
}
