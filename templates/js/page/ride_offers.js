// Where rides begin: in the panel of a tensor, call or op, and below the picture of the whole.

const MOST_ENDS = 4;

/**
 * Return where one can follow a place to, and from where to it.
 * @param {string} selector
 */
function followBlock(selector) {
  const flow = theTrace().flow();
  const spots = flow.spots(selector, "out");
  if (!spots?.length) return null;
  const ends = endsAfter(flow, spots);
  const starts = startsBefore(flow, flow.spots(selector, "both") ?? []);
  const offer = (/** @type {string} */ from, /** @type {string} */ to, /** @type {string} */ name) => (
    make("li", {}, make("a", { class: "ride-link", href: rideAddress(from, to) }, ...breakable(name))));
  return make("div", { class: "follow" }, make("h4", {}, words("ride")),
    make("ul", {}, ...ends.map((end) => offer(selector, end, `→ ${end}`)),
      ...starts.map((start) => offer(start, selector, `${start} →`))),
    followField("ride-to", (other) => rideAddress(selector, other)),
    followField("ride-from", (other) => rideAddress(other, selector)));
}

/**
 * Return the outputs of the run into which data of some places flows, those of the last call first.
 * @param {Flow} flow
 * @param {Spot[]} spots
 */
function endsAfter(flow, spots) {
  const { reached } = flow.way(earliest(spots), new Map());
  const here = new Set(spots.map(({ value }) => value));
  const shown = stationsOf("output").map(({ name }) => ({ value: flow.spots(name, "out")?.[0]?.value ?? null, name }));
  const outputs = [...failedOps(), ...shown, ...flow.trace.roots.toReversed().flatMap((call) => (
    call.outputs.map((port) => ({ value: port.value, name: `${call.selector}:${port.name}` }))))];
  return firstOfEach(outputs.filter(({ value }) => value && reached.has(value) && !here.has(value)));
}

/**
 * Return the inputs of the run from which data flows into some places.
 * @param {Flow} flow
 * @param {Spot[]} spots
 */
function startsBefore(flow, spots) {
  const here = new Set(spots.map(({ value }) => value));
  const above = flow.up(here);
  const inputs = flow.trace.values.filter((value) => value.origin === "input" && above.has(value) && !here.has(value));
  const sizeOfType = (/** @type {Value} */ { type }) => type.dims.reduce((all_, size) => all_ * size, 1);
  return firstOfEach(inputs.sort((a, b) => sizeOfType(b) - sizeOfType(a)).map((value) => (
    { value, name: selectorOf(flow.trace, value) })));
}

/** Return what the op read at which the run failed, if it did. */
function failedOps() {
  return all("#failure a.at, #failure a").flatMap((anchor) => {
    const found = theTrace().find(readAddress(anchor.getAttribute("href") ?? "").name);
    return found?.kind === "op" ? valuesAt(found.inputs).map((value) => ({ value, name: found.selector })) : [];
  });
}

/** @param {{ value: Value | null, name: string }[]} places */
function firstOfEach(places) {
  const values = new Set();
  const names = new Set();
  for (const { value, name } of places) {
    if (!values.has(value)) names.add(name);
    values.add(value);
  }
  return [...names].slice(0, MOST_ENDS);
}

let fields = 0;

/**
 * Return a field for the other end of a ride, which proposes selectors.
 * @param {"ride-to" | "ride-from"} key
 * @param {(other: string) => string} addressFor
 */
function followField(key, addressFor) {
  const id = `ride-names-${fields += 1}`;
  const list = make("datalist", { id });
  const field = make("input", { list: id, placeholder: words(key), "aria-label": words(key), spellcheck: "false",
    autocomplete: "off" });
  field.addEventListener("input", () => {
    const { calls, ops } = findInTrace(theTrace(), readQuery(field.value, symbolsByName));
    list.replaceChildren(...[...calls, ...ops].slice(0, 12).map(({ selector }) => make("option", { value: selector })));
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && field.value.trim()) location.hash = addressFor(field.value.trim());
  });
  return make("div", { class: "ride-field" }, field, list);
}

/**
 * Return the inputs or outputs in the picture of the whole that are tensors.
 * @param {"input" | "output"} kind
 */
const stationsOf = (kind) => all(`#overview .station.${kind}[data-station^="#at="]`).map((station) => (
  { name: readAddress(/** @type {HTMLElement} */ (station).dataset.station ?? "").name,
    title: all(".t", station).map((line) => line.textContent).join(" ").replace(/_ /g, "_") })); // a broken name

/** Offer rides through the whole model at its picture, or at a failure: from each input to the first end it reaches. */
function offerRides() {
  const [place] = all("#overview .ride-offers, #failure .evidence");
  if (!place) return;
  const trace = theTrace();
  const named = stationsOf("input").map(({ name, title }) => startsNamed(trace, name, title));
  const inputs = [...named, ...firstTensors(trace)];
  if (!inputs.length) inputs.push(...inputsOf(trace));
  const ends = [...failedOps(), ...stationsOf("output")].map(({ name }) => name);
  const offers = inputs.flatMap(({ starts, label }) => starts.flatMap((start) => {
    const end = ends.find((one) => trace.flow().reach(start, one).answer === "yes");
    return end ? [make("a", { class: "ride-link", href: rideAddress(start, end) },
      `${shorten(label, 40)} → ${end.split(":out.").at(-1)}`)] : [];
  }).slice(0, 1));
  if (!offers.length) return;
  const content = [words("ride-offer"), ...offers.flatMap((offer) => [" ", offer])];
  if (place.matches(".ride-offers")) place.replaceChildren(...content); // there is room for it, so that nothing moves
  else place.after(make("p", { class: "ride-offers" }, ...content));
}

/** @param {Trace} trace */
const inputsOf = (trace) => trace.values.filter(({ origin }) => origin === "input").slice(0, MOST_ENDS).map((value) => {
  const start = selectorOf(trace, value);
  return { starts: [start], label: start };
});

/**
 * Return the places that a station of an input may stand for: several inputs can have one name, the last is used most.
 * @param {Trace} trace
 * @param {string} name
 * @param {string} label
 */
function startsNamed(trace, name, label) {
  const alike = trace.values.filter((value) => value.origin === "input" && value.selector === name);
  const starts = alike.length > 1 ? alike.reverse().map((value) => selectorOf(trace, value)) : [name];
  return { starts, label };
}

/**
 * Return a selector that names a value and no other one.
 * @param {Trace} trace
 * @param {Value} value
 */
function selectorOf(trace, value) {
  if (trace.find(value.selector) === value) return value.selector;
  const [place] = trace.places(value);
  if (place) return `${place.call.selector}:${place.port.name}`;
  const [user] = trace.users(value);
  const port = user?.inputs.find((one) => one.value === value);
  return port ? `${user.selector}:${port.name}` : value.selector;
}

/**
 * Return the first tensor made in each outermost call that was given a text and no tensor.
 * @param {Trace} trace
 */
function firstTensors(trace) {
  const reads = (/** @type {Call} */ { inputs }) => /^\[?['"]/.test(inputs[0]?.text ?? "") && !valuesAt(inputs).length;
  return trace.roots.filter(reads).flatMap((call) => {
    const made = trace.ops.slice(call.first_op, call.last_op).find((op) => valuesAt(op.outputs).length);
    const port = made?.outputs.find((one) => one.value);
    const label = call.inputs[0].text.replace(/^\[|\]$/g, "").replace(/^(['"])(.*)\1$/, "“$2”");
    return made && port ? [{ starts: [`${made.selector}:${port.name}`], label }] : [];
  });
}
