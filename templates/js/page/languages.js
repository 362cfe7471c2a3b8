// The way to the same page in another language, at the place where one is.

/** Let the link to the other page lead to what is seen here, at the moment when it is followed. */
function watchLanguage() {
  const { elsewhere } = page;
  const link = document.querySelector("a.language");
  if (!elsewhere || !(link instanceof HTMLAnchorElement)) return;
  const file = link.href;
  for (const kind of ["pointerdown", "focus", "click", "contextmenu"]) {
    link.addEventListener(kind, () => { link.href = file + addressElsewhere(elsewhere.sections); }, { capture: true });
  }
}

/**
 * Return what the address of the other page ends with. Places in the trace and claims are called the same there.
 * @param {Record<string, string>} sections id of a section here -> that of the same one there
 */
function addressElsewhere(sections) {
  const { kind, name } = readAddress(location.hash);
  if (kind !== "id") return location.hash;
  const named = document.getElementById(name);
  if (named?.matches(".claim") && isInSight(named)) return location.hash;
  const current = all("#contents a[data-section][aria-current]").map((entry) => entry.dataset.section ?? "")[0] ?? "";
  if (!current || current === "summary") return "";
  const own = all("#text > .part").some((part) => part.id === current && "mark" in part.dataset);
  return own ? sections[current] && `#${encodeURIComponent(sections[current])}` || "" : `#${current}`;
}

/** @param {Element} element */
function isInSight(element) {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > 0 && top < window.innerHeight;
}
