// The panel that says of a call, op, tensor or size where it comes from, where it goes, what it costs.

const MANY = 12;

/** Show a target `{kind, id}`; returns false if there is none. */
function inspect(target) {
  const box = byId("inspected");
  const views = { call: callView, op: opView, value: valueView, repeat: repeatView, size: sizeView };
  box.replaceChildren(...views[target.kind](target.id, target).filter(Boolean));
  byId("inspector").classList.add("open");
  byId("inspector").scrollTop = 0;
}

function closeInspector() { byId("inspector").classList.remove("open"); }

const heading = (key, ...more) => make("h4", {}, words(key), ...more);
const pair = (label, ...content) => make("div", { class: "pair" }, make("span", {}, label), make("span", {}, ...content));

function head(kind, selector, ...more) {
  const call = selector && trace.find(selector.replace(/:[^:]*$/, ""));
  return make("div", {},
    make("div", { class: "kind" }, kind), make("h3", {}, ...breakable(selector)), ...more,
    make("div", { class: "acts" },
      make("button", { type: "button", click: () => copy(selector) }, words("copy")),
      make("button", { type: "button", click: () => copy(location.href) }, words("copy-link")),
      call && call.kind !== "repeat" ? make("button", { type: "button", click: () => revealInTree(call) }, words("in-explorer")) : null));
}

/** Return a list that shows the first few and opens the rest. */
function longList(items, row) {
  const list = make("ul", {}, ...items.slice(0, MANY).map(row));
  if (items.length > MANY) {
    const more = make("li", {}, make("button", { type: "button", class: "more", click: () => more.replaceWith(...items.slice(MANY).map(row)) }, words("n-more", { n: items.length - MANY })));
    list.append(more);
  }
  return list;
}

function portRow(owner, port) {
  const name = make("span", {}, ...breakable(port.alias && /\[\d+\]$/.test(port.name) ? port.alias : port.name));
  if (port.value < 0) return make("li", { class: "port" }, name, make("code", {}, port.text));
  const value = trace.value(port.value);
  const shape = make("a", { href: `#at=${encode(`${owner}:${port.name}`)}` }, shapeElement(value.dtype, value.dims));
  return make("li", { class: "port" }, name, make("span", {}, shape, trace.unused.has(port.value) ? make("span", { class: "badge" }, words("unused")) : ""));
}

function ports(key, owner, items) {
  return items.length ? make("div", {}, heading(key), longList(items, (port) => portRow(owner, port))) : null;
}

function sourceView(position) {
  const source = trace.sourceLines(position);
  if (!source) return null;
  const pre = make("pre", { tabindex: "0" });
  const written = (line) => line.tokens.filter((_, i) => i % 2).join("");
  const indents = source.lines.map(written).filter((text) => text.trim()).map((text) => text.length - text.trimStart().length);
  const indent = Math.min(...indents, 80);
  for (const line of source.lines) {
    dropIndent(line.tokens, indent);
    const row = make("span", { class: line.meant ? "line meant" : "line", "data-n": line.number });
    for (let i = 0; i < line.tokens.length; i += 2) row.append(line.tokens[i] ? make("span", { class: line.tokens[i] }, line.tokens[i + 1]) : line.tokens[i + 1]);
    pre.append(row);
  }
  const note = source.installed ? source.name : `${source.name} · ${words("source-stored")}`;
  return make("figure", { class: "source" }, make("figcaption", {}, make("code", {}, source.place), " ", make("span", { class: "quiet" }, note)), pre);
}

/** Take away what all lines shown begin with, so that a narrow panel shows code and not its indent. */
function dropIndent(tokens, indent) {
  for (let i = 1; i < tokens.length && indent > 0; i += 2) {
    const taken = Math.min(indent, tokens[i].length - tokens[i].trimStart().length);
    tokens[i] = tokens[i].slice(taken);
    indent = tokens[i] ? 0 : indent - taken;
  }
}

function callerRows(call) {
  return call < 0 ? null : pair(words("called-by"), link(trace.calls[call].selector));
}

function claimsAbout(test) {
  const found = page.claims.filter(([, , , , places]) => places.some(test));
  if (!found.length) return null;
  return make("div", {}, heading("claims-about"), longList(found, ([anchor, text, tone, verdict]) =>
    make("li", {}, make("a", { href: `#${anchor}` }, text), " ", make("span", { class: `verdict ${tone}` }, verdict))));
}

function callView(id) {
  const call = trace.calls[id];
  const module = trace.data.modules[call.path];
  const kind = call.method === "forward" ? words("call") : words("helper");
  const total = trace.calls.reduce((sum, other) => other.parent < 0 ? sum + other.flops : sum, 0);
  const rows = [callerRows(call.parent)];
  if (module && call.method === "forward") rows.push(pair(words("parameters"), amount(module[0])));
  if (call.flops) rows.push(pair(words("flops"), `${amount(call.flops)}${total ? ` · ${(100 * call.flops / total).toFixed(1)} %` : ""}`));
  rows.push(pair(words("inside"), `${words("n-ops", { n: call.last - call.first })}`));
  const repeat = trace.repeatOf.get(id);
  if (repeat) rows.push(pair(words("part-of"), link(repeat.selector, `${repeat.label} × ${repeat.calls.length}`)));
  if (repeat?.odd.has(id)) rows.push(make("p", { class: "odd" }, `${words("differs")}: ${repeat.odd.get(id)}`));
  return [head(`${kind} · ${call.class}`, call.selector), ...rows,
    ports("takes", call.selector, trace.callIn(id)), ports("gives", call.selector, trace.callOut(id)),
    call.source >= 0 ? make("div", {}, heading("source"), sourceView(call.source)) : null,
    call.children.length || call.ops.length ? make("div", { class: "rows" }, heading("steps"), stepsElement(id)) : null,
    claimsAbout((selector) => selector === call.selector || selector.startsWith(`${call.selector}:`)),
    module?.[2].length ? make("div", {}, heading("attributes"), longList(attributePairs(module[2]), ([name, value]) => make("li", { class: "port" }, make("span", {}, name), make("code", {}, value)))) : null];
}

function attributePairs(flat) {
  const pairs = [];
  for (let i = 0; i < flat.length; i += 2) pairs.push([trace.text(flat[i]), trace.text(flat[i + 1])]);
  return pairs;
}

function repeatView(id) {
  const repeat = trace.repeats[id];
  const typical = repeat.calls.find((call) => !repeat.odd.has(call)) ?? repeat.calls[0];
  return [head(`${trace.calls[typical].class} × ${repeat.calls.length}`, repeat.selector),
    repeat.odd.size ? make("div", {}, heading("differs"), longList([...repeat.odd], ([call, why]) => make("li", {}, link(trace.calls[call].selector), make("div", { class: "odd" }, why)))) : null,
    make("div", {}, heading("calls"), longList(repeat.calls, (call) => make("li", {}, link(trace.calls[call].selector), " ", typesElement(trace.callTypes(call))))),
    make("div", { class: "rows" }, heading("steps"), stepsElement(typical))];
}

function opView(id) {
  const op = trace.op(id);
  const inner = [];
  trace.data.ops.forEach((row, other) => { if (row[5] === id) inner.push(other); });
  return [head(words("op"), op.selector), callerRows(op.call),
    op.parent >= 0 ? pair(words("part-of"), link(trace.opSelector(op.parent))) : null,
    op.flops ? pair(words("flops"), amount(op.flops)) : null,
    ports("takes", op.selector, op.in), ports("gives", op.selector, op.out),
    op.source >= 0 ? make("div", {}, heading("source"), sourceView(op.source)) : null,
    inner.length ? make("div", {}, heading("inside"), longList(inner, (other) => make("li", {}, link(trace.opSelector(other), trace.op(other).target), " ", typesElement(trace.opTypes(other))))) : null,
    claimsAbout((selector) => selector === op.selector || selector.startsWith(`${op.selector}:`))];
}

function valueView(id, target) {
  const value = trace.value(id);
  const users = trace.users.get(id) ?? [];
  const shape = shapeElement(value.dtype, value.dims);
  shape.className = "shape big";
  const bytes = value.dims.reduce((product, size) => product * size, 1) * dtypeBytes(value.dtype);
  const escapes = trace.data.escapes.filter(([escaped]) => escaped === id);
  const places = trace.places.get(id) ?? [];
  const views = value.storage < 0 ? [] : sameStorage(value);
  const made = value.producer >= 0 ? trace.op(value.producer) : null;
  const origin = made ? make("div", {}, heading("made-by"), make("ul", {}, make("li", {}, link(made.selector))), made.call >= 0 ? callerRows(made.call) : null, sourceView(made.source))
    : make("div", {}, heading("origin"), make("p", {}, `${words(value.origin === "op" ? "origin-unknown" : `origin-${value.origin}`)} ${value.name}`));
  const selector = target.selector ?? trace.valueSelector(id);
  return [head(words("value"), selector, shape),
    trace.ghosts.has(id) ? make("p", { class: "odd" }, words("not-materialized")) : pair(words("memory-size"), amount(bytes, true)),
    trace.unused.has(id) ? pair(words("used-by"), make("span", { class: "badge" }, words("nobody"))) : null,
    origin,
    users.length ? make("div", {}, heading("used-by", ` · ${users.length}`), longList(users, (op) => make("li", {}, link(trace.opSelector(op)), " ", typesElement([-1, trace.opTypes(op)[1]])))) : null,
    ...escapes.map(([, how]) => make("p", { class: "odd" }, `${words("read-in-python")}: ${trace.text(how)}`)),
    places.length ? make("div", {}, heading("passes"), longList(places, ([, call, port]) => make("li", {}, link(`${trace.calls[call].selector}:${port}`)))) : null,
    views.length ? make("div", {}, heading("same-memory"), longList(views, (other) => make("li", {}, link(trace.valueSelector(other)), " ", typesElement([-1, other])))) : null,
    claimsAbout((place) => { const found = trace.find(place); return found?.kind === "value" && found.id === id; })];
}

function sameStorage(value) {
  const found = [];
  trace.data.values.storage.forEach((storage, id) => { if (storage === value.storage && id !== value.id) found.push(id); });
  return found;
}

function dtypeBytes(dtype) {
  const digits = /\d+/.exec(dtype);
  if (dtype === "bool") return 1;
  return digits ? Math.max(1, Math.floor(Number(dtype.startsWith("f8") ? 8 : dtype.startsWith("f4") ? 4 : digits[0]) / 8)) : 1;
}

function sizeView(size) {
  const origin = trace.data.sizes[String(size)];
  const named = page.symbols.filter((symbol) => symbol.size === size);
  const types = fittingTypes({ kind: "size", size });
  const values = [];
  trace.data.values.type.forEach((type, id) => { if (types.has(type)) values.push(id); });
  return [make("div", {}, make("div", { class: "kind" }, words("size")), make("h3", {}, words("comes-from", { n: String(size) }))),
    ...named.map((symbol) => make("p", {}, make("code", { class: `d y${symbol.colour}`, "data-s": symbol.name }, symbol.text), ` ${symbol.meaning} `, make("span", { class: "quiet" }, symbol.bound))),
    origin ? make("div", {}, make("code", { class: "big" }, `${size} = ${origin[1]}`), pair(words("first-at"), link(origin[0])), sourceOf(origin[0])) : null,
    make("div", {}, make("h4", {}, words("appears-in", { n: values.length })), longList(values, (id) => make("li", {}, link(trace.valueSelector(id)), " ", typesElement([-1, id]))))];
}

function sourceOf(selector) {
  const target = trace.find(selector);
  return target?.kind === "op" ? sourceView(trace.op(target.id).source) : null;
}
