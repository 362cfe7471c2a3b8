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
  const named = name ? document.getElementById(name) : null;
  if (named && isInSight(named.querySelector(":scope > .title") ?? named)) return addressThere(named, sections);
  const parts = all("#summary, #text > .part");
  const read = parts.findLast((part) => part.getBoundingClientRect().top < window.innerHeight / 3);
  return read && read.id !== "summary" ? addressThere(read, sections) : "";
}

/**
 * @param {Element} place
 * @param {Record<string, string>} sections
 */
function addressThere(place, sections) {
  const isOwn = place.matches(".part[data-mark]"); // a section of the document, which has a name in its language
  const id = isOwn ? sections[place.id] : place.id;
  return id ? `#${encodeURIComponent(id)}` : "";
}

/** @param {Element} element */
function isInSight(element) {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > 0 && top < window.innerHeight;
}
