(() => {
"use strict";

/**
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
function the(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`no #${id}`);
  return found;
}

const search = the("search", HTMLInputElement);
const onlyNever = the("never", HTMLInputElement);
const found = the("found", HTMLOutputElement);
/** @type {HTMLElement[]} */
const lines = [...document.querySelectorAll(/** @type {"div"} */ (".line"))];
/** @type {HTMLElement[]} */
const sections = [...document.querySelectorAll(/** @type {"section"} */ ("main > section"))];
/** @type {HTMLElement[]} */
const links = [...document.querySelectorAll(/** @type {"a"} */ ("nav a"))];
/** What is searched of each line: its code and what it made, in small letters. */
const texts = lines.map((line) => [...line.children].slice(1).map((part) => part.textContent).join("  ").toLowerCase());
let waiting = 0;

/** Show only the lines that have all words, and that never ran where that is asked for; all of them for nothing. */
function narrow() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const narrowed = words.length > 0 || onlyNever.checked;
  let count = 0;
  lines.forEach((line, number) => {
    const fits = words.every((word) => texts[number]?.includes(word)) && (!onlyNever.checked || line.matches(".never"));
    line.classList.toggle("hit", narrowed && fits);
    count += Number(fits);
  });
  sections.forEach((section, number) => {
    const hit = section.querySelector(".hit") !== null;
    section.classList.toggle("hit", hit);
    links[number]?.classList.toggle("hit", hit);
  });
  document.body.classList.toggle("narrowed", narrowed);
  found.value = narrowed ? String(count) : "";
}

/** @param {number} step go to the next line that made something, or the one before; among those found if some are */
function go(step) {
  const narrowed = document.body.classList.contains("narrowed");
  const stops = lines.filter((line) => line.matches(narrowed ? ".hit" : ".told"));
  const here = document.querySelector(".here");
  let place = here ? stops.findIndex((line) => line === here) : -1;
  if (place < 0) {
    const edge = window.innerHeight / 2;
    const below = stops.findIndex((line) => line.getBoundingClientRect().top > edge);
    place = below < 0 ? stops.length - 1 : step > 0 ? below - 1 : below;
  }
  const next = stops[Math.min(Math.max(place + step, 0), stops.length - 1)];
  if (!next) return;
  here?.classList.remove("here");
  next.classList.add("here");
  next.scrollIntoView({ block: "center" });
}

/** @param {KeyboardEvent} event */
function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    search.value = "";
    onlyNever.checked = false;
    narrow();
    search.blur();
    return;
  }
  if (event.target instanceof HTMLInputElement) {
    if (event.key === "Enter" && event.target === search) search.blur();
    return;
  }
  if (event.key === "/") {
    event.preventDefault();
    search.focus();
    search.select();
  } else if (event.key === "n" || event.key === "j") {
    go(1);
  } else if (event.key === "p" || event.key === "k") {
    go(-1);
  } else if (event.key === "Enter") {
    /** @type {HTMLAnchorElement | null} */
    const link = document.querySelector(".here .made a");
    link?.click();
  }
}

search.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = window.setTimeout(narrow, 60);
});
onlyNever.addEventListener("change", narrow);
document.addEventListener("keydown", press);
document.addEventListener("click", () => document.querySelector(".here")?.classList.remove("here"));
const watch = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    const link = links[sections.findIndex((section) => section === entry.target)];
    if (entry.isIntersecting) link?.setAttribute("aria-current", "true");
    else link?.removeAttribute("aria-current");
  }
}, { rootMargin: "-60px 0px -60% 0px" });
sections.forEach((section) => watch.observe(section));
if (!document.querySelector(".never")) the("only-never", HTMLLabelElement).hidden = true;
})();
