// The panel that says of a call, op, tensor or size where it comes from, where it goes, what it costs.

/**
 * Show something.
 * @param {Found | Size} found
 * @param {string} [selector] as it was asked for, where that is not the usual one
 */
function inspect(found, selector) { showInspector(...viewOf(found, selector).flatMap((part) => part ?? [])); }

/** @param {(Node | string)[]} content */
function showInspector(...content) {
  byId("inspected").replaceChildren(...content);
  setInspector(true);
  byId("inspector").scrollTop = 0;
}

const inspectorIsOpen = () => document.documentElement.dataset.inspector === "open";

/**
 * Open or close the panel. Beside the text it takes room from it, and the text stays where it is read.
 * @param {boolean} open
 */
function setInspector(open) {
  if (open) document.documentElement.dataset.inspector = "open";
  else delete document.documentElement.dataset.inspector;
  const { classList } = byId("page");
  if (!inExplorer() && classList.contains("beside") !== open) keepPlace(() => classList.toggle("beside", open));
}

/** Close the panel; returns whether it was open. */
function closeInspector() {
  const open = inspectorIsOpen();
  setInspector(false);
  return open;
}

/**
 * @param {Found | Size} found
 * @param {string} [selector]
 * @returns {Child[]}
 */
function viewOf(found, selector) {
  switch (found.kind) {
    case "call": return callView(found);
    case "op": return opView(found);
    case "value": return valueView(found, selector ?? found.selector);
    case "repeat": return repeatView(found);
    case "size": return sizeView(found.size);
  }
}

/**
 * Say that nothing has a name.
 * @param {string} name
 */
function inspectNothing(name) { showInspector(make("p", {}, words("no-such", { name }))); }

/** @param {Call | null} call */
const callerPair = (call) => call && pair(words("called-by"), link(call.selector));

/** @param {string} text */
const oddText = (text) => make("p", { class: "odd" }, text);

/** @param {Call} call */
const stepsBlock = (call) => make("div", { class: "rows" }, make("h4", {}, words("steps")), stepsElement(call));

/**
 * Return a row with a link and the types that are meant.
 * @param {string} selector
 * @param {MainTypes} types
 * @param {string} [text]
 */
const typedRow = (selector, types, text) => make("li", {}, link(selector, text), " ", typesElement(types));

/**
 * @param {TensorType | null} type
 * @returns {MainTypes}
 */
const typesOf = (type) => ({ takes: null, gives: type });

/**
 * Return the claims of which a place fits; what two sections say in the same words with the same verdict stands once.
 * @param {(place: string) => boolean} fit
 */
function claimsAbout(fit) {
  const found = theClaims().filter((claim) => claim.places.some(fit));
  /** @type {Map<string, Claim>} */
  const told = new Map();
  for (const claim of found) {
    const said = `${claim.tone} ${claim.text}`;
    if (!told.has(said)) told.set(said, claim);
  }
  if (!told.size) return null;
  return block("claims-about", longList([...told.values()], ({ anchor, text, tone, verdict }) => (
    make("li", {}, make("a", { href: `#${anchor}` }, text), " ",
      make("span", { class: `verdict ${tone}` }, verdict)))));
}

/**
 * Return the claims about a call or op, or about a port of it.
 * @param {string} selector
 */
const claimsAboutOwner = (selector) => claimsAbout((place) => place === selector || place.startsWith(`${selector}:`));

/**
 * @param {Call} call
 * @returns {Child[]}
 */
function callView(call) {
  const { selector, module, repeat, inputs, outputs } = call;
  const kind = words(call.method === "forward" ? "call" : "helper");
  return [
    head(`${kind} · ${call.class_name}`, selector, call),
    followBlock(selector),
    callerPair(call.parent),
    module && pair(words("parameters"), module.parameters),
    call.flops ? pair(words("flops"), [call.flops, call.share].filter(Boolean).join(" · ")) : null,
    pair(words("inside"), words("n-ops", { n: call.last_op - call.first_op })),
    call.covered === null ? null : pair(words("covered"), `${call.covered} %`),
    repeat && pair(words("part-of"), link(repeat.selector, titleOf(repeat))),
    call.partner ? pair(words("in-model", { model: page.other }), make("code", {}, call.partner)) : null,
    call.difference ? oddText(`${words("differs")}${words("colon")}${call.difference}`) : null,
    portsBlock("takes", selector, inputs), portsBlock("gives", selector, outputs),
    sourceBlock(call.source),
    call.children.length || call.ops.length ? stepsBlock(call) : null,
    claimsAboutOwner(selector),
    module?.attributes.length ? block("attributes", longList(module.attributes, ({ name, text }) => (
      make("li", { class: "port" }, make("span", {}, name), make("code", {}, text))))) : null,
  ];
}

/**
 * @param {Repeat} repeat
 * @returns {Child[]}
 */
function repeatView(repeat) {
  const { calls, typical } = repeat;
  const odd = calls.filter((call) => call.difference);
  return [
    head(`${typical.class_name} × ${calls.length}`, repeat.selector, null),
    odd.length ? block("differs", longList(odd, (call) => (
      make("li", {}, link(call.selector), make("div", { class: "odd" }, call.difference))))) : null,
    block("calls", longList(calls, (call) => typedRow(call.selector, call))),
    stepsBlock(typical),
  ];
}

/**
 * @param {Op} op
 * @returns {Child[]}
 */
function opView(op) {
  const inner = theTrace().inside(op);
  return [
    head(words("op"), op.selector, op),
    followBlock(op.selector),
    callerPair(op.call),
    op.parent && pair(words("part-of"), link(op.parent.selector)),
    op.flops ? pair(words("flops"), op.flops) : null,
    portsBlock("takes", op.selector, op.inputs), portsBlock("gives", op.selector, op.outputs),
    sourceBlock(op.source),
    inner.length ? block("inside", longList(inner, (one) => (
      typedRow(one.selector, one, one.target)))) : null,
    claimsAboutOwner(op.selector),
  ];
}

/**
 * @param {Value} value
 * @param {string} selector
 * @returns {Child[]}
 */
function valueView(value, selector) {
  const trace = theTrace();
  const [users, places, shared] = [trace.users(value), trace.places(value), trace.sameMemory(value)];
  const owner = trace.byName().get(ownerOf(selector));
  const shape = shapeElement(value.type);
  shape.classList.add("big");
  return [
    head(words("value"), selector, owner?.kind === "call" || owner?.kind === "op" ? owner : null, shape),
    followBlock(selector),
    value.materialized ? pair(words("memory-size"), value.type.memory) : oddText(words("not-materialized")),
    value.unused ? pair(words("used-by"), make("span", { class: "badge" }, words("nobody"))) : null,
    ...[...document.querySelectorAll(".thumb")]
      .filter((thumb) => thumb instanceof HTMLElement && trace.find(thumb.dataset.value ?? "") === value)
      .map((thumb) => thumb.cloneNode(true)),
    originBlock(value),
    users.length ? make("div", {}, make("h4", {}, words("used-by"), ` · ${users.length}`),
      longList(users, (op) => typedRow(op.selector, typesOf(op.gives)))) : null,
    ...trace.escapes.filter((escape) => escape.value === value).map((escape) => (
      oddText(`${words("read-in-python")}${words("colon")}${escape.how}`))),
    places.length ? block("passes", longList(places, ({ call, port }) => (
      make("li", {}, link(`${call.selector}:${port.name}`))))) : null,
    shared.length ? block("same-memory", longList(shared, (other) => (
      typedRow(other.selector, typesOf(other.type))))) : null,
    claimsAbout((place) => trace.find(place) === value),
  ];
}

/** @param {Origin} origin of a tensor that no op made */
const originKey = (origin) => origin === "op" ? "origin-unknown" : `origin-${origin}`;

/** @param {Value} value */
function originBlock({ producer, origin, name }) {
  if (!producer) {
    return block("origin", make("p", {}, `${words(originKey(origin))} ${name}`));
  }
  return block("made-by", make("ul", {}, make("li", {}, link(producer.selector))), callerPair(producer.call),
    producer.source && sourceElement(producer.source));
}

/**
 * @param {number} size
 * @returns {Child[]}
 */
function sizeView(size) {
  const trace = theTrace();
  const types = typesWithSize(trace.types, size);
  const values = trace.values.filter((value) => types.has(value.type));
  const origin = trace.sizes.find((candidate) => candidate.size === size);
  const first = origin && trace.find(origin.selector);
  return [
    make("div", {}, make("div", { class: "kind" }, words("size")),
      make("h3", {}, words("comes-from", { n: String(size) }))),
    ...page.symbols.filter((symbol) => symbol.size === size).map((symbol) => make("p", {},
      make("code", { class: `d y${symbol.colour}`, "data-s": symbol.name }, symbol.text), ` ${symbol.meaning} `,
      make("span", { class: "quiet" }, symbol.bound))),
    origin && make("div", {}, make("code", { class: "big" }, `${size} = ${origin.reason}`),
      pair(words("first-at"), link(origin.selector)),
      first?.kind === "op" && first.source ? sourceElement(first.source) : null),
    make("div", {}, make("h4", {}, words("appears-in", { n: values.length })),
      longList(values, (value) => typedRow(value.selector, typesOf(value.type)))),
  ];
}
