// Texts and addresses.

/**
 * Return `one|many` chosen by `n`, with names and numbers filled in.
 * @param {string} text
 * @param {Record<string, string | number>} values
 */
function fillWords(text, values) {
  let filled = text.includes("|") ? text.split("|")[values.n === 1 ? 0 : 1] : text;
  for (const [name, value] of Object.entries(values)) {
    filled = filled.replaceAll(`{${name}}`, () => typeof value === "number" ? value.toLocaleString("en") : value);
  }
  return filled;
}

/**
 * Return the address of a place in the trace.
 * @param {string} selector
 */
function addressOf(selector) { return `#at=${encoded(selector)}`; }

/**
 * Return the address of a place in the explorer.
 * @param {string} selector
 */
function explorerAddress(selector) { return selector ? `#explorer=${encoded(selector)}` : "#explorer"; }

/**
 * Return a selector as it stands in an address: readable, as far as that is allowed.
 * @param {string} selector
 */
const encoded = (selector) => encodeURIComponent(selector).replace(/%(2F|3A|40|2C)/g, decodeURIComponent);

/**
 * Return what an address names: a place in the trace, the same in the explorer, a size, the claims that are shown, or
 * an element of the page by its id.
 * @param {string} hash
 * @returns {{ kind: "at" | "explorer" | "size" | "show" | "follow" | "id", name: string }}
 */
function readAddress(hash) {
  const address = hash.replace(/^#/, "");
  if (address === "explorer") return { kind: "explorer", name: "" };
  if (address.startsWith("follow=")) return { kind: "follow", name: address };
  const found = /^(at|explorer|size|show)=/.exec(address);
  if (!found) return { kind: "id", name: decodeName(address) };
  const kind = /** @type {"at" | "explorer" | "size" | "show"} */ (found[1]);
  return { kind, name: decodeName(address.slice(found[0].length)) };
}

/**
 * Return a part of an address as it was meant; what somebody typed by hand may not be encoded.
 * @param {string} text
 */
function decodeName(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

/**
 * Return a text of at most `most` characters.
 * @param {string} text
 * @param {number} most
 */
function shorten(text, most) {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/**
 * Return lines of source without the indent that all of them share, so that a narrow panel shows code.
 * @param {Line[]} lines
 * @returns {Line[]}
 */
function withoutIndent(lines) {
  const written = lines.map((line) => line.tokens.map((token) => token.text).join(""));
  const indents = written.filter((text) => text.trim()).map((text) => text.length - text.trimStart().length);
  const indent = Math.min(...indents, 80);
  return lines.map((line) => {
    let left = indent;
    const tokens = line.tokens.map((token) => {
      const taken = Math.min(left, token.text.length - token.text.trimStart().length);
      const text = token.text.slice(taken);
      left = text ? 0 : left - taken;
      return { ...token, text };
    });
    return { ...line, tokens };
  });
}
