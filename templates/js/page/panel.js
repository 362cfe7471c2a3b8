// Pieces of the inspector: headings, lists, ports, source lines.

const MANY = 12;

/**
 * @param {string} key of the heading
 * @param {Child[]} content
 */
const block = (key, ...content) => make("div", {}, make("h4", {}, words(key)), ...content);

/**
 * @param {string} label
 * @param {Child[]} content
 */
const pair = (label, ...content) => (
  make("div", { class: "pair" }, make("span", {}, label), make("span", {}, ...content)));

/**
 * @param {string} kind
 * @param {string} selector
 * @param {Call | Op | null} place what to show in the tree
 * @param {Child[]} more
 */
function head(kind, selector, place, ...more) {
  return make("div", {},
    make("div", { class: "kind" }, kind), make("h3", {}, ...breakable(selector)), ...more,
    make("div", { class: "acts" },
      button({}, words("copy"), () => copy(selector)),
      button({}, words("copy-link"), () => copy(location.href)),
      place && !inExplorer() ? button({}, words("in-explorer"), () => goTo(explorerAddress(selector))) : null));
}

/**
 * Return a list that shows the first few and opens the rest.
 * @template Item
 * @param {Item[]} items
 * @param {(item: Item) => HTMLElement} row
 */
function longList(items, row) {
  const list = make("ul", {}, ...items.slice(0, MANY).map(row));
  const rest = items.slice(MANY);
  if (rest.length) {
    const more = make("li");
    const open = () => more.replaceWith(...rest.map(row));
    more.append(button({ class: "more" }, words("n-more", { n: rest.length }), open));
    list.append(more);
  }
  return list;
}

/**
 * @param {"takes" | "gives"} key
 * @param {string} owner
 * @param {Port[]} ports
 */
function portsBlock(key, owner, ports) {
  return ports.length ? block(key, longList(ports, (port) => portRow(owner, port))) : null;
}

/**
 * @param {string} owner
 * @param {Port} port
 */
function portRow(owner, port) {
  const name = make("span", {}, ...breakable(port.alias && /\[\d+\]$/.test(port.name) ? port.alias : port.name));
  if (!port.value) return make("li", { class: "port" }, name, make("code", {}, port.text));
  const shape = make("a", { href: addressOf(`${owner}:${port.name}`) }, shapeElement(port.value.type));
  const unused = port.value.unused ? make("span", { class: "badge" }, words("unused")) : "";
  return make("li", { class: "port" }, name, make("span", {}, shape, " ", unused));
}

/** @param {Source} source */
function sourceElement(source) {
  const pre = make("pre", { tabindex: "0" });
  for (const line of withoutIndent(source.lines)) {
    const tokens = line.tokens.map((token) => (
      token.css_class ? make("span", { class: token.css_class }, token.text) : token.text));
    const meant = line.number === source.line;
    pre.append(make("span", { class: meant ? "line meant" : "line", "data-n": line.number }, ...tokens));
  }
  const note = source.installed ? source.function : `${source.function} · ${words("source-stored")}`;
  const place = make("code", {}, source.place);
  const caption = make("figcaption", {}, place, " ", make("span", { class: "quiet" }, note));
  return make("figure", { class: "source" }, caption, pre);
}

/** @param {Source | null} source */
const sourceBlock = (source) => source && block("source", sourceElement(source));
