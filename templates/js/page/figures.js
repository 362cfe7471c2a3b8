// A figure that fills the window: one dialog for all, to look closer, to move about, and to find boxes in it.

const CLOSEST = 8;
const STEP = 1.25;
const MOVE = 60;
const STILL = 4;

/**
 * The figure that fills the window: the button that opened it, the place of the page then, and how it lies there.
 * @typedef {object} FigureView
 * @property {HTMLElement | null} button null while no figure does
 * @property {number} place
 * @property {number} x
 * @property {number} y
 * @property {number} scale pixels for a point of the drawing
 * @property {Map<number, [number, number]>} pointers where fingers or the mouse are
 * @property {[number, number]} start where the last of them came down
 */
/** @type {FigureView} */
const figureView = { button: null, place: 0, x: 0, y: 0, scale: 1, pointers: new Map(), start: [0, 0] };

/** @param {HTMLElement} control the button of a figure */
function enlarge(control) {
  const scroll = control.closest(".drawing")?.querySelector(".scroll");
  const svg = scroll?.querySelector("svg");
  if (!scroll || !svg) return;
  const dialog = byId("figure", HTMLDialogElement);
  figureView.button = control;
  figureView.place = window.scrollY;
  const copied = /** @type {SVGSVGElement} */ (svg.cloneNode(true));
  byId("figure-stage").replaceChildren(copied);
  byId("figure-title").textContent = scroll.getAttribute("aria-label");
  byId("figure-search", HTMLInputElement).value = "";
  control.textContent = "⤡";
  control.setAttribute("aria-pressed", "true");
  document.documentElement.classList.add("still");
  dialog.showModal();
  byId("figure-stage").focus();
  fitFigure();
}

function closeFigure() {
  const dialog = byId("figure", HTMLDialogElement);
  if (dialog.open) dialog.close();
}

/** Put things back as they were: the button, the focus, and the place on the page. */
function afterFigure() {
  const { button: control, place } = figureView;
  document.documentElement.classList.remove("still");
  byId("figure-stage").replaceChildren();
  figureView.pointers.clear();
  if (!control) return;
  control.textContent = "⤢";
  control.setAttribute("aria-pressed", "false");
  control.focus({ preventScroll: true });
  window.scrollTo({ top: place, behavior: "instant" });
  figureView.button = null;
}

function figureSvg() { return byId("figure-stage").querySelector("svg"); }

/** Show the whole figure, in the middle and not larger than twice its size. */
function fitFigure() {
  const stage = byId("figure-stage").getBoundingClientRect();
  const box = figureSvg()?.viewBox.baseVal;
  if (!box) return;
  figureView.scale = Math.min(stage.width / box.width, stage.height / box.height, 2.24);
  figureView.x = (stage.width - box.width * figureView.scale) / 2;
  figureView.y = (stage.height - box.height * figureView.scale) / 2;
  placeFigure();
}

function placeFigure() {
  const svg = figureSvg();
  if (!svg) return;
  const { x, y, scale } = figureView;
  svg.setAttribute("width", String(svg.viewBox.baseVal.width * scale));
  svg.setAttribute("height", String(svg.viewBox.baseVal.height * scale));
  svg.style.transform = `translate(${x}px, ${y}px)`;
}

/**
 * Come closer, or step back; what is at a place stays there.
 * @param {number} factor
 * @param {number} [x] from the left of the stage; its middle if not told
 * @param {number} [y]
 */
function zoomFigure(factor, x, y) {
  const stage = byId("figure-stage").getBoundingClientRect();
  const scale = Math.min(CLOSEST, Math.max(0.1, figureView.scale * factor));
  const real = scale / figureView.scale;
  const [left, top] = [x ?? stage.width / 2, y ?? stage.height / 2];
  figureView.x = left - (left - figureView.x) * real;
  figureView.y = top - (top - figureView.y) * real;
  figureView.scale = scale;
  placeFigure();
}

/**
 * @param {number} x
 * @param {number} y
 */
function moveFigure(x, y) {
  figureView.x += x;
  figureView.y += y;
  placeFigure();
}

/** @type {Record<string, () => void>} */
const figureKeys = {
  "+": () => zoomFigure(STEP),
  "=": () => zoomFigure(STEP),
  "-": () => zoomFigure(1 / STEP),
  0: fitFigure,
  ArrowLeft: () => moveFigure(MOVE, 0),
  ArrowRight: () => moveFigure(-MOVE, 0),
  ArrowUp: () => moveFigure(0, MOVE),
  ArrowDown: () => moveFigure(0, -MOVE),
  "/": () => byId("figure-search").focus(),
};

/** @param {KeyboardEvent} event */
function figureKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || around(event, "input")) return;
  if (!Object.hasOwn(figureKeys, event.key)) return;
  event.preventDefault();
  figureKeys[event.key]();
}

/** Mark the boxes and labels that hold what is looked for, and move the first into sight. */
function findInFigure() {
  const wanted = byId("figure-search", HTMLInputElement).value.trim().toLowerCase();
  const groups = all(".node, .frame-title", byId("figure-stage"));
  const found = groups.filter((group) => {
    const hit = Boolean(wanted) && (group.textContent ?? "").toLowerCase().includes(wanted);
    group.classList.toggle("found", hit);
    return hit;
  });
  byId("figure-found").textContent = wanted ? words("figure-found", { n: found.length }) : "";
  const stage = byId("figure-stage").getBoundingClientRect();
  const box = found[0]?.getBoundingClientRect();
  if (!box) return;
  const across = box.left >= stage.left && box.right <= stage.right;
  if (across && box.top >= stage.top && box.bottom <= stage.bottom) return;
  moveFigure(
    stage.left + stage.width / 2 - (box.left + box.width / 2),
    stage.top + stage.height / 2 - (box.top + box.height / 2),
  );
}

/** @param {WheelEvent} event */
function figureWheel(event) {
  event.preventDefault();
  const stage = byId("figure-stage").getBoundingClientRect();
  const factor = Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015));
  zoomFigure(factor, event.clientX - stage.left, event.clientY - stage.top);
}

/** @param {PointerEvent} event */
function figureDown(event) {
  figureView.pointers.set(event.pointerId, [event.clientX, event.clientY]);
  figureView.start = [event.clientX, event.clientY];
}

/**
 * One finger, or the mouse, moves the figure; two move and zoom it.
 * @param {PointerEvent} event
 */
function figureMove(event) {
  const { pointers } = figureView;
  const before = pointers.get(event.pointerId);
  if (!before) return;
  const now = /** @type {[number, number]} */ ([event.clientX, event.clientY]);
  const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
  pointers.set(event.pointerId, now);
  if (!other) {
    // A click on a box stays a click until the pointer has really moved.
    const [x, y] = figureView.start;
    if (Math.hypot(now[0] - x, now[1] - y) > STILL) byId("figure-stage").setPointerCapture(event.pointerId);
    moveFigure(now[0] - before[0], now[1] - before[1]);
    return;
  }
  const stage = byId("figure-stage").getBoundingClientRect();
  const apart = (/** @type {[number, number]} */ place) => Math.hypot(place[0] - other[0], place[1] - other[1]);
  moveFigure((now[0] - before[0]) / 2, (now[1] - before[1]) / 2);
  if (apart(before)) {
    zoomFigure(apart(now) / apart(before), (now[0] + other[0]) / 2 - stage.left, (now[1] + other[1]) / 2 - stage.top);
  }
}

function watchFigures() {
  const dialog = byId("figure", HTMLDialogElement);
  const stage = byId("figure-stage");
  for (const control of all(".enlarge")) control.addEventListener("click", () => enlarge(control));
  dialog.addEventListener("keydown", figureKey);
  dialog.addEventListener("close", afterFigure);
  stage.addEventListener("wheel", figureWheel, { passive: false });
  stage.addEventListener("pointerdown", figureDown);
  stage.addEventListener("pointermove", figureMove);
  stage.addEventListener("dragstart", (event) => event.preventDefault());
  for (const name of ["pointerup", "pointercancel", "pointerleave"]) {
    stage.addEventListener(name, (event) => figureView.pointers.delete(/** @type {PointerEvent} */ (event).pointerId));
  }
  byId("figure-search").addEventListener("input", findInFigure);
  for (const [name, act] of /** @type {[string, () => void][]} */ ([
    ["in", figureKeys["+"]], ["out", figureKeys["-"]], ["fit", fitFigure], ["close", closeFigure],
  ])) byId(`figure-${name}`).addEventListener("click", act);
  window.addEventListener("resize", () => { if (dialog.open) fitFigure(); });
}
