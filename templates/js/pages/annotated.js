(() => {
"use strict";

/** @type {HTMLElement[]} */
const marks = [...document.querySelectorAll(/** @type {"a"} */ (".mark"))];
/** @type {HTMLElement[]} */
const rows = [...document.querySelectorAll(/** @type {"div"} */ (".row"))];
/** @type {HTMLElement[]} */
const buttons = [...document.querySelectorAll(/** @type {"button"} */ (".count"))];
const onlyWrong = document.getElementById("wrong");
const WRONG = ["contradicted", "layout differs"];

/** @returns {Set<string>} the verdicts that are shown; empty: all */
function wanted() {
  const pressed = buttons.filter((one) => one.ariaPressed === "true");
  const chosen = new Set(pressed.map((one) => one.dataset["verdict"] ?? ""));
  if (onlyWrong instanceof HTMLInputElement && onlyWrong.checked) for (const verdict of WRONG) chosen.add(verdict);
  return chosen;
}

/** Show only the lines with a mark of the verdicts that are wanted. */
function narrow() {
  const verdicts = wanted();
  document.body.classList.toggle("narrowed", verdicts.size > 0);
  for (const row of rows) {
    /** @type {HTMLElement[]} */
    const own = [...row.querySelectorAll(/** @type {"a"} */ (".mark, .note"))];
    row.classList.toggle("kept", own.some((mark) => verdicts.has(mark.dataset["verdict"] ?? "")));
  }
}

/** @param {Element | null} [kept] hide all evidence but this */
function hide(kept = null) {
  for (const one of document.querySelectorAll(".evidence.shown")) if (one !== kept) one.classList.remove("shown");
}

/** @param {Element} link show the evidence that a mark leads to, or hide it again */
function toggle(link) {
  const id = link.getAttribute("href")?.slice(1) ?? "";
  const evidence = document.getElementById(id);
  const shown = evidence?.classList.toggle("shown") ?? false;
  hide(evidence);
  if (shown) evidence?.scrollIntoView({ block: "nearest" });
}

/** @param {number} step go to the next mark, or the one before, of those that are shown */
function go(step) {
  const verdicts = wanted();
  const stops = marks.filter((mark) => !verdicts.size || verdicts.has(mark.dataset["verdict"] ?? ""));
  const here = document.querySelector(".mark.here");
  const at = here ? stops.findIndex((mark) => mark === here) : step > 0 ? -1 : stops.length;
  const next = stops[Math.min(Math.max(at + step, 0), stops.length - 1)];
  if (!next) return;
  here?.classList.remove("here");
  next.classList.add("here");
  next.scrollIntoView({ block: "center" });
  toggle(next);
}

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest(".mark, .note") : null;
  if (!link) return;
  event.preventDefault();
  toggle(link);
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "n" || event.key === "j") go(1);
  else if (event.key === "p" || event.key === "k") go(-1);
  else if (event.key === "Escape") hide();
});
for (const button of buttons) {
  button.addEventListener("click", () => {
    button.ariaPressed = button.ariaPressed === "true" ? "false" : "true";
    narrow();
  });
}
onlyWrong?.addEventListener("change", narrow);
})();
