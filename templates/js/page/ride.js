// Riding a tensor: the view over the page, its keys, and its address, which names the start, the end and the step.

/**
 * The ride that is shown, at which of its steps, and what to go back to: the address before, the focus, the scrolling.
 * @type {{ ride: Ride | null, at: number, before: string, focus: HTMLElement | null, top: number, leaving: boolean }}
 */
const riding = { ride: null, at: 0, before: "", focus: null, top: 0, leaving: false };

/** @type {Record<string, () => void>} */
const rideKeys = {
  ArrowRight: () => rideTo(riding.at + 1), j: () => rideTo(riding.at + 1), " ": () => rideTo(riding.at + 1),
  ArrowLeft: () => rideTo(riding.at - 1), k: () => rideTo(riding.at - 1),
  Home: () => rideTo(0), End: () => rideTo(Infinity),
  Escape: leaveRide, c: () => copy(location.href), t: switchTheme,
};

/** Show the ride that the address names, or leave the one that is shown; returns whether nothing else is to be done. */
function followRide() {
  const named = readRide(location.hash);
  const view = byId("ride");
  if (!named) {
    const open = !view.hidden;
    if (open) closeRide();
    const same = open && (riding.leaving || location.hash === riding.before);
    if (same) window.scrollTo({ top: riding.top, behavior: "instant" });
    riding.leaving = false;
    riding.before = location.hash;
    return same;
  }
  if (!state.trace) return true;
  if (view.hidden) openRide();
  const { start, end, step } = named;
  if (riding.ride?.start !== start || riding.ride.end !== end) {
    riding.ride = rideOf(state.trace, start, end);
    showProgress(riding.ride);
  }
  showStep(step - 1);
  return true;
}

function openRide() {
  riding.focus = document.activeElement instanceof HTMLElement ? document.activeElement : null;
  riding.top = window.scrollY;
  if (riding.before !== location.hash && !history.state?.inside) {
    history.replaceState({ inside: document.documentElement.dataset.ready === "true" }, "");
  }
  byId("ride").hidden = false;
  document.body.classList.add("riding");
  for (const element of otherParts()) element.inert = true;
  byId("ride").focus({ preventScroll: true });
}

function closeRide() {
  byId("ride").hidden = true;
  riding.ride = null;
  document.body.classList.remove("riding");
  for (const element of otherParts()) element.inert = false;
  riding.focus?.focus({ preventScroll: true });
}

const otherParts = () => /** @type {HTMLElement[]} */ ([...document.body.children]).filter((element) => (
  !["ride", "toast", "tip"].includes(element.id) && element.tagName !== "SCRIPT"));

/** Go back to where the ride was started from; without such a place to the page itself. */
function leaveRide() {
  riding.leaving = true;
  if (history.state?.inside) { history.back(); return; }
  history.replaceState(null, "", location.pathname + location.search);
  followRide();
}

/** @param {number} position */
function rideTo(position) {
  const { ride } = riding;
  if (!ride?.steps.length) return;
  const at = Math.max(0, Math.min(position, ride.steps.length - 1));
  if (at === riding.at) return;
  history.replaceState(history.state, "", rideAddress(ride.start, ride.end, at + 1));
  showStep(at);
}

/** @param {number} position */
function showStep(position) {
  const { ride } = riding;
  if (!ride) return;
  const stage = byId("ride-stage");
  if (!ride.steps.length) { stage.replaceChildren(noRide(ride)); return; }
  const forward = position >= riding.at;
  riding.at = Math.max(0, Math.min(position || 0, ride.steps.length - 1));
  const panel = ridePanel(ride, riding.at, Math.min(stage.clientWidth - 2, 900));
  panel.classList.add(forward ? "forward" : "backward");
  stage.replaceChildren(panel);
  stage.scrollTop = 0;
  byId("ride-count").textContent = `${riding.at + 1} / ${ride.steps.length}`;
  byId("ride-back").toggleAttribute("disabled", riding.at === 0);
  byId("ride-next").toggleAttribute("disabled", riding.at === ride.steps.length - 1);
  all("#ride-progress button").forEach((tick, i) => {
    tick.classList.toggle("done", i < riding.at);
    if (i === riding.at) tick.setAttribute("aria-current", "step"); else tick.removeAttribute("aria-current");
  });
  for (const group of all("#ride-progress .group")) {
    group.classList.toggle("here", Boolean(group.querySelector("[aria-current]")));
  }
}

/**
 * Say what the way is, and lay out its steps under the sections that speak of them.
 * @param {Ride} ride
 */
function showProgress(ride) {
  const { start, end, steps, ops, shortest } = ride;
  riding.at = 0;
  const [from, to] = [start, end].map((place) => make("code", {}, ...breakable(place)));
  byId("ride-title").replaceChildren(from, " → ", to);
  const note = [ops.length ? words("ride-ops", { n: ops.length }) : "",
    ops.length > shortest ? words("ride-shorter", { n: shortest }) : ""];
  byId("ride-note").textContent = note.filter(Boolean).join(" ");
  byId("ride").classList.toggle("no-way", !steps.length);
  byId("ride-progress").replaceChildren(...chaptersOf(ride).map(({ title, steps: positions }) => (
    make("div", { class: "group", style: `flex-grow: ${positions.length}` },
      make("div", { class: "ride-ticks" }, ...positions.map((position) => tick(steps[position], position))),
      make("span", { class: "name", title }, title)))));
}

/**
 * @param {RideStep} step
 * @param {number} position
 */
function tick({ op }, position) {
  const name = words("ride-step", { n: position + 1, name: op?.target ?? words("ride-starts") });
  return button({ title: name, "aria-label": name }, "", () => rideTo(position));
}

/**
 * Return the steps of a ride, by position, under what speaks of them: a section, or else the outermost call.
 * @param {Ride} ride
 */
function chaptersOf({ steps }) {
  /** @type {{ title: string, steps: number[] }[]} */
  const chapters = [];
  steps.forEach(({ call }, position) => {
    const title = sectionAbout(call)?.title || (call ? lineOf(call)[call.parent ? 1 : 0].label : "");
    const last = chapters.at(-1);
    if (last && (last.title === title || !title)) last.steps.push(position);
    else if (last && !last.title) { last.title = title; last.steps.push(position); } // the start
    else chapters.push({ title, steps: [position] });
  });
  return chapters;
}

/**
 * Say that there is no way, how far data gets, and what may carry it on unseen.
 * @param {Ride} ride
 */
function noRide({ answer, start, end, doubts, last, unnamed, empty }) {
  const why = unnamed !== undefined ? words("no-such", { name: unnamed })
    : empty !== undefined ? words("ride-no-tensor", { name: empty })
    : words(`ride-${answer}`, { start, end });
  const reasons = doubts.slice(0, MANY).map(({ kind, place, text }) => (
    make("li", {}, link(place), `: ${words(`ride-doubt-${kind}`, { text })}`)));
  return make("div", { class: "ride-none" }, make("h2", {}, why),
    last && make("p", {}, words("ride-last"), " ", link(last.selector), " ", typesElement(mainTypes(last))),
    reasons.length ? make("div", {}, make("p", {}, words("ride-doubts")), make("ul", {}, ...reasons)) : null,
    make("p", {}, words("ride-elsewhere"), " ", link(start), " · ", link(end)));
}

/** @param {KeyboardEvent} event */
function rideKey(event) {
  if (byId("ride").hidden || event.ctrlKey || event.metaKey || event.altKey) return;
  const pressed = around(event, "button, summary, a");
  if (pressed && (event.key === " " || event.key === "Enter")) { event.stopPropagation(); return; }
  if (event.key !== "Tab") event.stopPropagation();
  if (!Object.hasOwn(rideKeys, event.key)) return;
  event.preventDefault();
  if (event.key === " " && event.shiftKey) rideTo(riding.at - 1); else rideKeys[event.key]();
}

/** Lay all steps out beside each other: paper has no keys. */
function printRide() {
  const { ride } = riding;
  const strip = byId("ride-strip");
  strip.replaceChildren();
  if (ride) strip.append(...ride.steps.map((_, i) => numbered(ridePanel(ride, i, 340), i + 1)));
}

/** @param {HTMLElement} panel @param {number} number */
function numbered(panel, number) {
  panel.prepend(make("span", { class: "ride-number" }, String(number)));
  for (const element of all("[id]", panel)) element.removeAttribute("id");
  return panel;
}

function startRides() {
  document.addEventListener("keydown", rideKey, true);
  byId("ride-back").addEventListener("click", () => rideTo(riding.at - 1));
  byId("ride-next").addEventListener("click", () => rideTo(riding.at + 1));
  byId("ride-close").addEventListener("click", leaveRide);
  byId("ride-copy").addEventListener("click", () => copy(location.href));
  byId("ride-print").addEventListener("click", () => window.print());
  window.addEventListener("beforeprint", printRide);
  window.addEventListener("resize", delayed(150, () => { if (riding.ride) showStep(riding.at); }));
}
