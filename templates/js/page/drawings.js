// Figures that travel in the data: each is drawn when a reader comes near. Its place in the page has its size already.

const NEAR = "1600px 0px";

/** Draw the figures that a reader comes near. */
function watchDrawings() {
  const seen = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      seen.unobserve(target);
      for (const svg of all("svg[data-drawing]", target)) draw(svg);
    }
  }, { rootMargin: NEAR });
  for (const part of all("#text > .part")) if (part.querySelector("svg[data-drawing]")) seen.observe(part);
}

/**
 * Draw a figure. It is read as XML, in which nothing is run.
 * @param {Element} svg
 */
function draw(svg) {
  const text = state.texts?.drawings[Number(svg.getAttribute("data-drawing"))];
  if (!text) return;
  const named = text.includes("xmlns=") ? text : text.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"');
  const drawing = new DOMParser().parseFromString(named, "image/svg+xml").documentElement;
  svg.removeAttribute("data-drawing");
  svg.append(...[...drawing.childNodes].map((node) => document.importNode(node, true)));
  const { kind, name } = readAddress(location.hash);
  if (kind === "at" || kind === "size") pickInFigures(kind, name);
}
