// Small tools: elements from plain data, words, links, messages.

const page = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

/** Make an element; text goes in as text, never as markup. */
function make(tag, options = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(options)) {
    if (name === "class") element.className = value;
    else if (name === "click") element.addEventListener("click", value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Return the words for a key with numbers and names filled in. */
function words(key, values = {}) {
  let text = page.words[key] ?? key;
  if (text.includes("|")) text = text.split("|")[values.n === 1 ? 0 : 1];
  for (const [name, value] of Object.entries(values)) {
    text = text.replace(`{${name}}`, () => typeof value === "number" ? value.toLocaleString("en") : value);
  }
  return text;
}

const encode = (selector) => encodeURIComponent(selector).replace(/%(2F|3A|40|2C)/gi, (part) => decodeURIComponent(part));
const link = (selector, text = selector) => make("a", { href: `#at=${encode(selector)}`, class: "at" }, ...breakable(text));

/** Return a text in parts between which a line may end: after dots, slashes, colons and underscores. */
function breakable(text) {
  return text.split(/(?<=[./:_])(?=\w)/).flatMap((part, i) => i ? [document.createElement("wbr"), part] : [part]);
}

/** Return 1536 as 1.50 KiB, with units of 1024 for bytes or 1000 for counts. */
function amount(number, bytes = false) {
  const base = bytes ? 1024 : 1000;
  const units = bytes ? ["B", "KiB", "MiB", "GiB", "TiB"] : ["", "k", "M", "G", "T", "P"];
  let step = 0;
  while (number >= base && step < units.length - 1) { number /= base; step += 1; }
  const digits = step === 0 ? 0 : number < 10 ? 2 : number < 100 ? 1 : 0;
  return `${number.toFixed(digits)} ${units[step]}`.trim();
}

let toastTimer = 0;
function toast(text) {
  const box = byId("toast");
  box.textContent = text;
  box.classList.add("shown");
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => box.classList.remove("shown"), 1600);
}

/** Copy a text; where the page may not use the clipboard, select it in a hidden field and copy that. */
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
  toast(`${words("copied")}: ${text.length > 60 ? `${text.slice(0, 60)}…` : text}`);
}

const remember = {
  get(key) { try { return localStorage.getItem(`shapeflow.${key}`); } catch { return null; } },
  set(key, value) { try { localStorage.setItem(`shapeflow.${key}`, value); } catch { /* not allowed here */ } },
};

const symbolsByName = new Map(page.symbols.map((symbol) => [symbol.name, symbol]));
const symbolsBySize = new Map(page.symbols.filter((symbol) => symbol.telling).map((symbol) => [symbol.size, symbol]));
const explained = (symbol) => [`${symbol.text} ${symbol.meaning}`.trim(), symbol.bound].filter(Boolean).join(" · ");

/** Return dtype and dims as an element, dims that have a name in their colour. */
function shapeElement(dtype, dims) {
  const code = make("code", { class: "shape" }, `${dtype}[`);
  dims.forEach((size, position) => {
    const symbol = symbolsBySize.get(size);
    if (position) code.append(", ");
    code.append(symbol ? make("span", { class: `d y${symbol.colour}`, "data-s": symbol.name }, String(size))
      : make("span", { class: "n", "data-n": size }, String(size)));
  });
  code.append("]");
  return code;
}
